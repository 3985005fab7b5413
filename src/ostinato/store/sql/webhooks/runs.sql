-- Live runs as they are shown, to be told to whoever a webhook names; its workspace is looked at with what has to be told.
SELECT seen.*
  FROM live_runs($1) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
