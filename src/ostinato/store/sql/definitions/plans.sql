-- The plans of some workspaces with the steps of their current versions.
SELECT plan.id, plan.workspace_id AS workspace, plan.number, plan.name, plan.description, plan.version,
       plan.graph_id, graph.body AS graph, plan.retries, plan.overlap, plan.disabled, plan.parameters,
       plan.run_timeout_s, plan.priority
  FROM plan
  JOIN graph ON graph.id = plan.graph_id
 WHERE plan.workspace_id = ANY($1::bigint[])
 ORDER BY plan.name
