-- Take back the attempts of servers that are gone: run them again, or give up on what has lost its server too often.
UPDATE run
   SET state = CASE WHEN run.cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                    WHEN run.losses + 1 > $2 OR task.retries ->> 'on_lost' = 'fail' THEN 'FAILED'
                    ELSE 'QUEUED' END,
       reason = CASE WHEN run.cancel_requested_at IS NOT NULL THEN 'cancel_requested' ELSE 'lost' END,
       message = CASE WHEN run.cancel_requested_at IS NOT NULL THEN run.message
                      ELSE 'The server or worker that ran attempt ' || run.attempt || ' disappeared' END,
       ended_at = CASE WHEN run.cancel_requested_at IS NOT NULL OR run.losses + 1 > $2
                            OR task.retries ->> 'on_lost' = 'fail' THEN $1 END,
       losses = run.losses + 1,
       due_at = $1,
       lease = NULL,
       session_id = NULL
  FROM task, server_session
 WHERE task.id = run.task_id
   AND server_session.id = run.session_id
   AND server_session.alive_until < $1
   AND run.state IN ('CLAIMED', 'RUNNING') AND run.graph_id IS NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler
