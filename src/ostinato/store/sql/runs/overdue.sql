-- Live runs that have been going on for longer than their own time-out.
SELECT id
  FROM run
 WHERE deadline_at <= $1 AND cancel_requested_at IS NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING')
 ORDER BY deadline_at
 LIMIT $2
