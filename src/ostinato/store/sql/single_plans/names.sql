-- What some tasks and plans of a workspace are called.
SELECT 'task' AS kind, task.id, task.name FROM task WHERE task.workspace_id = $1 AND task.id = ANY($2::bigint[])
 UNION ALL
SELECT 'plan', plan.id, plan.name FROM plan WHERE plan.workspace_id = $1 AND plan.id = ANY($3::bigint[])
