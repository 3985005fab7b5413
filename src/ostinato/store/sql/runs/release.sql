-- A server that stops gives back the attempts it held; that they began does not count against them.
UPDATE run
   SET state = CASE WHEN cancel_reason IS NULL THEN 'QUEUED' WHEN cancel_reason = 'timeout' THEN 'FAILED' ELSE 'CANCELLED' END,
       reason = COALESCE(cancel_reason, 'shutdown'),
       message = CASE WHEN cancel_reason = 'timeout' THEN 'The run took longer than its own timeout' ELSE message END,
       ended_at = CASE WHEN cancel_reason IS NOT NULL THEN $2::timestamptz END,
       attempt = attempt - 1,
       given_back = given_back + 1,
       alone = false,
       pool_slot = NULL,
       lease = NULL,
       session_id = NULL
 WHERE session_id = $1 AND state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool, true AS awaited
