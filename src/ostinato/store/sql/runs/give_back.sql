-- A server claimed these and never learned of it, because the answer to its commit was lost: back into the queue.
UPDATE run
   SET state = CASE WHEN run.cancel_requested_at IS NOT NULL THEN 'CANCELLED' ELSE 'QUEUED' END,
       reason = CASE WHEN run.cancel_requested_at IS NOT NULL THEN 'cancel_requested' END,
       ended_at = CASE WHEN run.cancel_requested_at IS NOT NULL THEN $3::timestamptz END,
       attempt = run.attempt - 1,
       lease = NULL,
       session_id = NULL
  FROM unnest($1::bigint[], $2::bigint[]) AS unheld (id, lease)
 WHERE run.id = unheld.id AND run.lease = unheld.lease AND run.state IN ('CLAIMED', 'RUNNING')
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler
