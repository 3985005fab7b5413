-- Whether a task is at work, asked after it was locked: a start that has just committed is seen.
SELECT EXISTS (SELECT FROM run WHERE task_id = $1 AND state IN ('QUEUED', 'CLAIMED', 'RUNNING'))
