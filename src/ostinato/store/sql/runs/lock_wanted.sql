-- What somebody wants to start, and whether they may. What must not overlap is locked, so that two requests cannot both
-- find it idle; what may is not, so that requests for the same task do not wait for one another.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted (task, plan, viewer, position)
), locked_tasks AS MATERIALIZED (
    SELECT id FROM task WHERE id IN (SELECT task FROM wanted) AND overlap <> 'parallel' ORDER BY id FOR NO KEY UPDATE
), locked_plans AS MATERIALIZED (
    SELECT id FROM plan WHERE id IN (SELECT plan FROM wanted) AND overlap <> 'parallel' ORDER BY id FOR NO KEY UPDATE
)
SELECT wanted.position::integer, COALESCE(task.name, plan.name) AS name,
       COALESCE(task.disabled, plan.disabled) AS disabled, COALESCE(task.parameters, plan.parameters) AS parameters,
       COALESCE(task.paused_at, plan.paused_at) AS paused_at, COALESCE(task.paused_by, plan.paused_by) AS paused_by,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = COALESCE(task.workspace_id, plan.workspace_id) AND access.subject_id = wanted.viewer
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute,
       environment.name AS environment, workspace.key AS workspace
  FROM wanted
  LEFT JOIN task ON task.id = wanted.task
  LEFT JOIN plan ON plan.id = wanted.plan
  JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
  JOIN environment ON environment.id = workspace.environment_id
 WHERE (SELECT count(*) FROM locked_tasks) + (SELECT count(*) FROM locked_plans) >= 0
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = COALESCE(task.workspace_id, plan.workspace_id) AND access.subject_id = wanted.viewer
                  AND 'VIEW' = ANY(access.permissions))
