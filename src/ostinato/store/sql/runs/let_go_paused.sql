-- A task or plan was resumed: what was held because of the pause may go on.
UPDATE run
   SET hold = NULL
 WHERE state = 'QUEUED' AND hold = 'paused' AND (task_id = $1 OR task_id IS NULL AND plan_id = $2)
RETURNING id AS run, graph_id AS graph
