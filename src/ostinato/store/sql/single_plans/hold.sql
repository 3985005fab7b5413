-- A plan that somebody may see, held against whoever else would change or start it: as definitions are compared with it, where it is,
-- and what may be done with it.
SELECT workspace.id AS workspace, workspace.key, environment.name AS environment,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'AUTHOR' = ANY(access.permissions)) AS may_author,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute,
       jsonb_build_object(
           'id', plan.id, 'workspace', plan.workspace_id, 'number', plan.number, 'name', plan.name,
           'description', plan.description, 'version', plan.version, 'graph_id', plan.graph_id, 'graph', graph.body,
           'retries', plan.retries, 'overlap', plan.overlap, 'disabled', plan.disabled, 'parameters', plan.parameters,
           'run_timeout_s', plan.run_timeout_s, 'priority', plan.priority) AS plan
  FROM plan
  JOIN graph ON graph.id = plan.graph_id
  JOIN workspace ON workspace.id = plan.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE plan.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
   FOR UPDATE OF plan
