-- A server that stops gives back the attempts it held; that they began does not count against them.
UPDATE run
   SET state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED' ELSE 'QUEUED' END,
       reason = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancel_requested' ELSE 'shutdown' END,
       ended_at = CASE WHEN cancel_requested_at IS NOT NULL THEN $2::timestamptz END,
       attempt = attempt - 1,
       due_at = $2,
       lease = NULL,
       session_id = NULL
 WHERE session_id = $1 AND state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL
RETURNING id AS run, state, parent_run_id AS parent, step, handler
