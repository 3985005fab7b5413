-- Tasks changed their pools: what was held for the old one is judged anew.
UPDATE run
   SET hold = NULL
  FROM task
 WHERE task.id = ANY($1::bigint[]) AND run.task_id = task.id AND run.state = 'QUEUED' AND run.hold = 'pool'
   AND run.pool_id IS DISTINCT FROM task.pool_id
