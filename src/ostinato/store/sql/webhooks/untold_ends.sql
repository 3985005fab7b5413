-- What has to be told of runs that were started by themselves and ended since then, the oldest first.
SELECT told.*, run.ended_at AS reached
  FROM run
 CROSS JOIN LATERAL untold(run) AS told
 WHERE run.parent_run_id IS NULL AND run.ended_at >= $1
 ORDER BY run.ended_at, run.id
 LIMIT $2
