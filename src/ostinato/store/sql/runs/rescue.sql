-- Take back the attempts of servers that are gone: run them again, or give up on what has lost its server too often.
-- Who is gone is told by the clock of the database, so that no server's own clock matters.
UPDATE run
   SET state = CASE WHEN run.cancel_reason = 'timeout' THEN 'FAILED'
                    WHEN run.cancel_reason IS NOT NULL THEN 'CANCELLED'
                    WHEN run.losses + 1 > $2 OR (SELECT task.retries ->> 'on_lost' FROM task_ever AS task WHERE task.id = run.task_id) = 'fail' THEN 'FAILED'
                    ELSE 'QUEUED' END,
       reason = COALESCE(run.cancel_reason, 'lost'),
       message = CASE WHEN run.cancel_reason = 'timeout' THEN 'The run took longer than its own timeout'
                      WHEN run.cancel_reason IS NOT NULL THEN run.message
                      ELSE 'The server or worker that ran attempt ' || run.attempt || ' disappeared' END,
       ended_at = CASE WHEN run.cancel_reason IS NOT NULL OR run.losses + 1 > $2
                            OR (SELECT task.retries ->> 'on_lost' FROM task_ever AS task WHERE task.id = run.task_id) = 'fail' THEN $1::timestamptz END,
       losses = run.losses + 1,
       due_at = $1,
       alone = false,
       pool_slot = NULL,
       lease = NULL,
       session_id = NULL
  FROM server_session
 WHERE server_session.id = run.session_id
   AND server_session.alive_until < clock_timestamp()
   AND run.state IN ('CLAIMED', 'RUNNING') AND run.graph_id IS NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool, true AS awaited
