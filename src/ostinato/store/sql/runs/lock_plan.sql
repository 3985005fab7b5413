-- The plan somebody wants to start, locked so that two requests cannot both find it idle.
SELECT plan.id, plan.name, plan.overlap, plan.disabled, plan.graph_id AS graph,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = plan.workspace_id AND access.user_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM plan
 WHERE plan.id = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = plan.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))
   FOR NO KEY UPDATE OF plan
