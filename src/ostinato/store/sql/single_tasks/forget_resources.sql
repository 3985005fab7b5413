-- What a task used of resources is free again.
DELETE FROM task_resource WHERE task_id = $1
