-- Tasks and plans of these names that somebody may see, to be started by name; which of the names it is, counted from 1.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (name, environment, workspace, position)
)
SELECT wanted.position::integer, 'task' AS kind, task.id, task.number, task.name, workspace.key AS workspace,
       environment.name AS environment
  FROM wanted
  JOIN environment ON environment.name = wanted.environment
  JOIN workspace ON workspace.environment_id = environment.id
  JOIN task ON task.workspace_id = workspace.id AND task.name = wanted.name
 WHERE (wanted.workspace IS NULL OR workspace.key = wanted.workspace)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
 UNION ALL
SELECT wanted.position::integer, 'plan', plan.id, plan.number, plan.name, workspace.key, environment.name
  FROM wanted
  JOIN environment ON environment.name = wanted.environment
  JOIN workspace ON workspace.environment_id = environment.id
  JOIN plan ON plan.workspace_id = workspace.id AND plan.name = wanted.name
 WHERE (wanted.workspace IS NULL OR workspace.key = wanted.workspace)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
