-- When the next held run is due, or the next live run has been going on for too long.
SELECT LEAST((SELECT due_at FROM run WHERE state = 'QUEUED' AND hold = 'due' ORDER BY due_at LIMIT 1),
             (SELECT deadline_at FROM run
               WHERE deadline_at IS NOT NULL AND cancel_requested_at IS NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING')
               ORDER BY deadline_at LIMIT 1))
