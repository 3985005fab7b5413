-- What a start of a task or plan leads to, edge by edge: what its steps and their failure handlers run, and what data triggers,
-- other than one, start after it; with names as far as somebody may see them.
WITH RECURSIVE edge (of_task, of_plan, task, plan) AS (
    SELECT NULL::bigint, NULL::bigint, $2::bigint, $3::bigint
     UNION
    SELECT edge.task, edge.plan, next.task, next.plan
      FROM edge
     CROSS JOIN LATERAL (
               SELECT (ref ->> 'task')::bigint AS task, (ref ->> 'plan')::bigint AS plan
                 FROM (SELECT task.graph_id FROM task WHERE task.id = edge.task
                        UNION ALL
                       SELECT plan.graph_id FROM plan WHERE plan.id = edge.plan) AS runnable
                 JOIN graph ON graph.id = runnable.graph_id
                CROSS JOIN LATERAL jsonb_array_elements(graph.body -> 'steps') AS step
                CROSS JOIN LATERAL jsonb_array_elements((step -> 'runs') || COALESCE(step -> 'on_failure', '[]')) AS ref
                UNION ALL
               SELECT own.task_id, own.plan_id
                 FROM data_trigger_source AS source
                 JOIN data_trigger AS own ON own.id = source.trigger_id
                WHERE (source.task_id = edge.task OR source.plan_id = edge.plan) AND own.id IS DISTINCT FROM $4) AS next
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
