-- A server holds these and will not run them: it never learned of its claim, or has no room for it. Back into the queue.
UPDATE run
   SET state = CASE WHEN run.cancel_reason IS NULL THEN 'QUEUED' WHEN run.cancel_reason = 'timeout' THEN 'FAILED' ELSE 'CANCELLED' END,
       reason = run.cancel_reason,
       message = CASE WHEN run.cancel_reason = 'timeout' THEN 'The run took longer than its own timeout' ELSE run.message END,
       ended_at = CASE WHEN run.cancel_reason IS NOT NULL THEN $3::timestamptz END,
       attempt = run.attempt - 1,
       given_back = run.given_back + 1,
       alone = false,
       pool_slot = NULL,
       lease = NULL,
       session_id = NULL
  FROM unnest($1::bigint[], $2::bigint[]) AS unheld (id, lease)
 WHERE run.id = unheld.id AND run.lease = unheld.lease AND run.state IN ('CLAIMED', 'RUNNING')
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool, true AS awaited
