-- What has become of the window of a call.
SELECT own.id AS window, own.calls, own.closed, own.due_at, own.run_id AS run, own.trigger_id AS trigger,
       run.reason = 'misfired' AS misfired, CASE WHEN run.reason = 'misfired' THEN run.message END AS message
  FROM webhook_window AS own
  LEFT JOIN run ON run.id = own.run_id
 WHERE own.id = $1
