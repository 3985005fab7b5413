-- What has to be told of trees of runs, before they leave the live tables.
SELECT told.*
  FROM run
 CROSS JOIN LATERAL untold(run) AS told
 WHERE run.id = ANY($1::bigint[]) OR run.root_run_id = ANY($1::bigint[])
