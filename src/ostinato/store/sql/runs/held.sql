-- The attempts a server holds according to the database, and which of them somebody wants ended.
SELECT id AS run, lease, cancel_requested_at IS NOT NULL AS cancelling
  FROM run
 WHERE session_id = $1 AND state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL
