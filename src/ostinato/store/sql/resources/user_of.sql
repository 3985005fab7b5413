-- A task that gets a resource; the first by name.
SELECT task.name
  FROM task_resource
  JOIN task ON task.id = task_resource.task_id
 WHERE task_resource.resource_id = $1
 ORDER BY task.name
 LIMIT 1
