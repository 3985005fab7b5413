-- Tasks and plans of a name that somebody may see, to be started by name.
SELECT 'task' AS kind, task.id, task.number, task.name, workspace.key AS workspace, environment.name AS environment
  FROM task
  JOIN workspace ON workspace.id = task.workspace_id
  JOIN environment ON environment.id = task.environment_id
 WHERE task.name = $1 AND environment.name = $2 AND ($3::text IS NULL OR workspace.key = $3)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
 UNION ALL
SELECT 'plan', plan.id, plan.number, plan.name, workspace.key, environment.name
  FROM plan
  JOIN workspace ON workspace.id = plan.workspace_id
  JOIN environment ON environment.id = plan.environment_id
 WHERE plan.name = $1 AND environment.name = $2 AND ($3::text IS NULL OR workspace.key = $3)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
