-- The task somebody wants to start, locked so that two requests cannot both find it idle.
SELECT task.id, task.name, task.overlap, task.disabled, task.graph_id AS graph,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = task.workspace_id AND access.user_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM task
 WHERE task.id = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = task.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))
   FOR NO KEY UPDATE OF task
