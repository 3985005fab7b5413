-- What runs a task as it is now: a plan with a step or a failure handler of it, or a task that consists of steps; in words.
SELECT format('the plan %L', plan.name)
  FROM plan_member AS member
  JOIN plan ON plan.id = member.plan_id
 WHERE member.task_id = $1
 UNION ALL
SELECT format('the task %L', composite.name)
  FROM task
  JOIN task AS composite ON composite.workspace_id = task.workspace_id
  JOIN graph ON graph.id = composite.graph_id
 WHERE task.id = $1
   AND EXISTS (SELECT
                 FROM jsonb_array_elements(graph.body -> 'steps') AS step
                CROSS JOIN LATERAL jsonb_array_elements(COALESCE(step -> 'runs', '[]') || COALESCE(step -> 'on_failure', '[]')) AS ref
                WHERE (ref ->> 'task')::bigint = $1)
 LIMIT 1
