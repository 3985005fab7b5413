-- The plans of some workspaces with the steps of their current versions; those that give values to one task, if its name is given.
SELECT plan.id, plan.workspace_id AS workspace, plan.number, plan.name, plan.description, plan.version,
       plan.graph_id, graph.body AS graph, plan.retries, plan.overlap, plan.disabled, plan.parameters,
       plan.run_timeout_s, plan.priority
  FROM plan
  JOIN graph ON graph.id = plan.graph_id
 WHERE plan.workspace_id = ANY($1::bigint[])
   AND ($2::text IS NULL
        OR (plan.parameters <> '{}'
            AND EXISTS (SELECT
                          FROM plan_member AS member
                          JOIN task ON task.id = member.task_id
                         WHERE member.plan_id = plan.id AND task.workspace_id = plan.workspace_id AND task.name = $2)))
 ORDER BY plan.name
