-- What starts of tasks and plans lead to, edge by edge: what its steps and their failure handlers run, and what data triggers,
-- other than one, start after it; with names as far as somebody may see them.
WITH RECURSIVE node (task, plan) AS (
    SELECT asked.task, asked.plan FROM unnest($2::bigint[], $3::bigint[]) AS asked (task, plan)
     UNION
    SELECT next.task, next.plan
      FROM node
     CROSS JOIN LATERAL leads_to(node.task, node.plan, $4) AS next
), edge AS (
    SELECT NULL::bigint AS of_task, NULL::bigint AS of_plan, asked.task, asked.plan
      FROM unnest($2::bigint[], $3::bigint[]) AS asked (task, plan)
     UNION
    SELECT node.task, node.plan, next.task, next.plan
      FROM node
     CROSS JOIN LATERAL leads_to(node.task, node.plan, $4) AS next
)
SELECT edge.of_task, edge.of_plan, edge.task, edge.plan, COALESCE(task.name, plan.name) AS name
  FROM edge
  LEFT JOIN task ON task.id = edge.task
                AND EXISTS (SELECT
                              FROM workspace_access AS access
                             WHERE access.workspace_id = task.workspace_id AND access.subject_id = $1
                               AND 'VIEW' = ANY(access.permissions))
  LEFT JOIN plan ON plan.id = edge.plan
                AND EXISTS (SELECT
                              FROM workspace_access AS access
                             WHERE access.workspace_id = plan.workspace_id AND access.subject_id = $1
                               AND 'VIEW' = ANY(access.permissions))
