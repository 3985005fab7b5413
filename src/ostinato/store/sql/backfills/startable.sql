-- A task or plan that somebody may see, and what a backfill has to know of it.
WITH found_task AS MATERIALIZED (
    SELECT workspace_id, name, overlap, parameters FROM task WHERE id = $2
), found_plan AS MATERIALIZED (
    SELECT workspace_id, name, overlap, parameters, version, graph_id FROM plan WHERE id = $3
)
SELECT workspace.environment_id, environment.name AS environment, workspace.key AS workspace, runnable.name, runnable.overlap,
       runnable.parameters, runnable.version, runnable.graph_id AS graph, bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM (SELECT workspace_id, name, overlap, parameters, NULL::integer AS version, NULL::bigint AS graph_id FROM found_task
         UNION ALL
        SELECT workspace_id, name, overlap, parameters, version, graph_id FROM found_plan) AS runnable
  JOIN workspace ON workspace.id = runnable.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
  JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
 GROUP BY workspace.environment_id, environment.name, workspace.key, runnable.name, runnable.overlap, runnable.parameters,
          runnable.version, runnable.graph_id
HAVING bool_or('VIEW' = ANY(access.permissions))
