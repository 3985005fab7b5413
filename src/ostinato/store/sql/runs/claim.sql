-- Take ready work for the free slots of one server: the oldest first, each run by one server only.
UPDATE run
   SET state = 'CLAIMED',
       session_id = $1,
       lease = nextval('lease_token'),
       attempt = run.attempt + 1
  FROM task
 WHERE run.id IN (
           SELECT ready.id
             FROM run AS ready
            WHERE ready.state = 'QUEUED' AND ready.due_at <= $2
            ORDER BY ready.due_at, ready.id
            LIMIT $3
              FOR UPDATE SKIP LOCKED)
   AND task.id = run.task_id
RETURNING run.id AS run, run.attempt, run.lease, run.losses, run.workspace_id AS workspace,
          task.type AS task_type, task.name AS task_name, task.config, task.uses, task.timeout_s, task.retries
