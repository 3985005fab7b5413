-- A task or plan that somebody may see, and whether they may start it.
SELECT runnable.environment_id AS environment, environment.name AS environment_name, workspace.key AS workspace, runnable.name,
       bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM (SELECT environment_id, workspace_id, name FROM task WHERE id = $2
         UNION ALL
        SELECT environment_id, workspace_id, name FROM plan WHERE id = $3) AS runnable
  JOIN workspace ON workspace.id = runnable.workspace_id
  JOIN environment ON environment.id = runnable.environment_id
  JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
 GROUP BY runnable.environment_id, environment.name, workspace.key, runnable.name
HAVING bool_or('VIEW' = ANY(access.permissions))
