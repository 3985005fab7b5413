-- A run of a task that has not ended.
SELECT id FROM run WHERE task_id = $1 AND state IN ('QUEUED', 'CLAIMED', 'RUNNING') LIMIT 1
