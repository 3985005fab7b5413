-- What has to be told of tasks that ended since then inside of plans: of those at work, and of those that ended since then.
SELECT told.*
  FROM run
 CROSS JOIN LATERAL untold(run) AS told
 WHERE run.ended_at >= $1
   AND run.root_run_id = ANY(ARRAY(SELECT id FROM run
                                    WHERE plan_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING') AND parent_run_id IS NULL
                                    UNION ALL
                                   SELECT id FROM run
                                    WHERE task_id IS NOT NULL AND graph_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING')
                                      AND parent_run_id IS NULL
                                    UNION ALL
                                   SELECT id FROM run
                                    WHERE parent_run_id IS NULL AND ended_at >= $1))
 LIMIT $2
