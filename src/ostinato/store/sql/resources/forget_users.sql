-- Deleted tasks, which are the only ones left, do not get a resource any more that is about to go.
DELETE FROM task_resource WHERE resource_id = $1
