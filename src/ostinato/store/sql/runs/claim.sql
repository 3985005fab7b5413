-- Take ready work for the free slots of one server: the oldest first, each run by one server only. A task that must not
-- overlap is at work once: its next run waits, and only its oldest run that is due may be taken, whoever takes it.
UPDATE run
   SET state = 'CLAIMED',
       session_id = $1,
       lease = nextval('lease_token'),
       attempt = run.attempt + 1
  FROM task
 WHERE run.id = ANY(ARRAY(
           SELECT ready.id
             FROM run AS ready
             JOIN task AS wanted ON wanted.id = ready.task_id
            WHERE ready.state = 'QUEUED' AND ready.due_at <= $2
              AND (wanted.overlap = 'parallel'
                   OR NOT EXISTS (SELECT FROM run AS other
                                   WHERE other.task_id = ready.task_id AND other.id <> ready.id
                                     AND (other.state IN ('CLAIMED', 'RUNNING')
                                          OR other.state = 'QUEUED' AND other.due_at <= $2
                                             AND (other.due_at, other.id) < (ready.due_at, ready.id))))
            ORDER BY ready.due_at, ready.id
            LIMIT $3
              FOR UPDATE OF ready SKIP LOCKED))
   AND task.id = run.task_id
RETURNING run.id AS run, run.attempt, run.lease, run.losses, run.workspace_id AS workspace,
          task.type AS task_type, task.name AS task_name, task.config, task.uses, task.timeout_s, task.retries
