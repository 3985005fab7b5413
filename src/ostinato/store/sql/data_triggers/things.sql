-- Tasks and plans that somebody may see, which of those asked for they are, counted from 1, and whether they may start them.
SELECT wanted.position::integer, wanted.task, wanted.plan, runnable.environment_id AS environment,
       environment.name AS environment_name, workspace.key AS workspace, runnable.name,
       bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted (task, plan, position)
 CROSS JOIN LATERAL (
           SELECT task.environment_id, task.workspace_id, task.name FROM task WHERE task.id = wanted.task
            UNION ALL
           SELECT plan.environment_id, plan.workspace_id, plan.name FROM plan WHERE plan.id = wanted.plan) AS runnable
  JOIN workspace ON workspace.id = runnable.workspace_id
  JOIN environment ON environment.id = runnable.environment_id
  JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
 GROUP BY wanted.position, wanted.task, wanted.plan, runnable.environment_id, environment.name, workspace.key, runnable.name
HAVING bool_or('VIEW' = ANY(access.permissions))
 ORDER BY wanted.position
