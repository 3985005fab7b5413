-- The runs of steps that became ready. Work waits for a worker; plans and composite tasks run at once; disabled ones are left out.
INSERT INTO run (environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, parent_run_id, root_run_id,
                 step, handler, state, due_at, queued_at, started_at, cause, requested_by)
SELECT parent.environment_id, parent.workspace_id, task.id, plan.id, plan.version, COALESCE(task.graph_id, plan.graph_id),
       parent.id, COALESCE(parent.root_run_id, parent.id), child.step, child.handler,
       CASE WHEN COALESCE(task.graph_id, plan.graph_id) IS NULL THEN 'QUEUED' ELSE 'RUNNING' END,
       $6, $6, CASE WHEN COALESCE(task.graph_id, plan.graph_id) IS NOT NULL THEN $6::timestamptz END,
       'plan', parent.requested_by
  FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::bigint[], $5::bigint[])
       WITH ORDINALITY AS child (parent, step, handler, task, plan, position)
  JOIN run AS parent ON parent.id = child.parent
  LEFT JOIN task ON task.id = child.task AND NOT task.disabled
  LEFT JOIN plan ON plan.id = child.plan AND NOT plan.disabled
 WHERE task.id IS NOT NULL OR plan.id IS NOT NULL
 ORDER BY child.position
RETURNING id AS run, parent_run_id AS parent, step, handler, graph_id AS graph
