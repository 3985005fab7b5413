-- Live runs as they are shown, to be told to whoever a webhook names; its workspace is looked at with what has to be told.
SELECT seen.*
  FROM (SELECT NULL::date AS kept_on, run.* FROM run WHERE run.id = ANY($1::bigint[])) AS run
 CROSS JOIN LATERAL run_seen(ROW(run.*)::kept_run) AS seen
