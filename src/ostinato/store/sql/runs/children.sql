-- The latest run of every task and plan in every step of one plan run, whichever try of the plan made it.
SELECT DISTINCT ON (step, handler, task_id, plan_id) id AS run, step, handler, task_id AS task, plan_id AS plan, state
  FROM find_tree($1)
 WHERE parent_run_id = $1
 ORDER BY step, handler, task_id, plan_id, id DESC
