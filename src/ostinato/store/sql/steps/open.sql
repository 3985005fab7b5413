-- Steps begin, or go on within their limit: the runs that may be live now are made. Work waits for a worker; plans and
-- composite tasks run at once, unless they are paused or must not overlap; disabled ones are left out.
-- OFFSET 0 keeps the planner from reading all live runs beforehand instead of asking for one task or plan.
WITH child AS MATERIALIZED (
    SELECT asked.parent, asked.step, asked.handler, asked.position, asked.rerun_of, parent.environment_id, parent.workspace_id,
           parent.requested_by, COALESCE(parent.root_run_id, parent.id) AS root, task.id AS task_id, plan.id AS plan_id,
           plan.version AS plan_version, COALESCE(task.graph_id, plan.graph_id) AS graph_id,
           GREATEST(parent.priority, task.priority, plan.priority) AS priority,
           COALESCE(task.run_timeout_s, plan.run_timeout_s) AS run_timeout_s,
           CASE WHEN plan.id IS NULL THEN parent.parameters
                ELSE NULLIF((SELECT COALESCE(jsonb_object_agg(declared.key, declared.value -> 'default'), '{}')
                               FROM jsonb_each(plan.parameters) AS declared
                              WHERE declared.value ? 'default') || COALESCE(parent.parameters, '{}'), '{}') END AS parameters,
           COALESCE(task.graph_id, plan.graph_id) IS NOT NULL AND COALESCE(task.overlap, plan.overlap) <> 'parallel'
           AND NOT is_inside(parent.id, task.id, plan.id) AS alone,
           CASE WHEN COALESCE(task.graph_id, plan.graph_id) IS NULL THEN NULL
                WHEN COALESCE(task.paused_at, plan.paused_at) IS NOT NULL THEN 'paused'
                WHEN COALESCE(task.overlap, plan.overlap) <> 'parallel' AND NOT is_inside(parent.id, task.id, plan.id)
                     AND (row_number() OVER (PARTITION BY task.id, plan.id ORDER BY asked.position) > 1
                          OR EXISTS (SELECT FROM run AS other
                                      WHERE other.task_id = task.id AND other.state IN ('CLAIMED', 'RUNNING') OFFSET 0)
                          OR EXISTS (SELECT FROM run AS other
                                      WHERE other.plan_id = plan.id AND other.state IN ('CLAIMED', 'RUNNING') OFFSET 0))
                THEN CASE WHEN plan.id IS NULL THEN 'task' ELSE 'plan' END END AS hold
      FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::bigint[], $5::bigint[], $6::bigint[])
           WITH ORDINALITY AS asked (parent, step, handler, task, plan, rerun_of, position)
      JOIN run AS parent ON parent.id = asked.parent
      LEFT JOIN task ON task.id = asked.task AND NOT task.disabled
      LEFT JOIN plan ON plan.id = asked.plan AND NOT plan.disabled
     WHERE task.id IS NOT NULL OR plan.id IS NOT NULL
), made AS (
    INSERT INTO run (environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, parent_run_id, root_run_id, step,
                     handler, priority, state, hold, alone, attempt, parameters, deadline_at, due_at, queued_at, started_at,
                     cause, requested_by, rerun_of, rerun_part)
    SELECT environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, parent, root, step, handler, priority,
           CASE WHEN graph_id IS NOT NULL AND hold IS NULL THEN 'RUNNING' ELSE 'QUEUED' END, hold, alone AND hold IS NULL,
           CASE WHEN graph_id IS NOT NULL AND hold IS NULL THEN 1 ELSE 0 END, parameters,
           $14::timestamptz + run_timeout_s * interval '1 second', $14, $14,
           CASE WHEN graph_id IS NOT NULL AND hold IS NULL THEN $14::timestamptz END, 'plan', requested_by, rerun_of,
           CASE WHEN rerun_of IS NOT NULL THEN 'failed' END
      FROM child
     ORDER BY position
    RETURNING id, parent_run_id, step, handler, graph_id, state, rerun_of
), opened AS (
    INSERT INTO step_run (run_id, step, handler, state, condition, needed, pending, open, remaining, succeeded)
    SELECT step.run, step.number, step.handler, 'running', step.condition, step.needed, 0,
           COALESCE(live.number, 0), step.remaining, step.succeeded
      FROM unnest($7::bigint[], $8::integer[], $9::boolean[], $10::text[], $11::integer[], $12::integer[], $13::integer[])
           AS step (run, number, handler, condition, needed, remaining, succeeded)
      LEFT JOIN (SELECT parent, step, handler, count(*) AS number FROM child GROUP BY parent, step, handler) AS live
             ON live.parent = step.run AND live.step = step.number AND live.handler = step.handler
        ON CONFLICT (run_id, step, handler)
        DO UPDATE SET state = 'running', pending = 0, open = step_run.open + EXCLUDED.open, remaining = EXCLUDED.remaining,
                      succeeded = step_run.succeeded + EXCLUDED.succeeded
    RETURNING run_id, step, handler, open
)
SELECT made.id AS run, opened.run_id AS parent, opened.step, opened.handler, opened.open,
       CASE WHEN made.state = 'RUNNING' THEN made.graph_id END AS graph, made.rerun_of
  FROM opened
  LEFT JOIN made ON made.parent_run_id = opened.run_id AND made.step = opened.step AND made.handler = opened.handler
 ORDER BY made.id
