-- What has to be told of runs that were started by themselves and are at work.
SELECT told.*
  FROM run
 CROSS JOIN LATERAL untold(run) AS told
 WHERE run.id = ANY(ARRAY(SELECT id FROM run
                           WHERE task_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING') AND parent_run_id IS NULL
                           UNION ALL
                          SELECT id FROM run
                           WHERE plan_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING') AND parent_run_id IS NULL))
 LIMIT $1
