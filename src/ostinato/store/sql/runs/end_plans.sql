-- Plans whose last open step has ended end themselves, exactly once, or begin anew later if their policy says so.
UPDATE run
   SET state = told.state,
       reason = told.reason,
       message = told.message,
       hold = CASE WHEN told.state = 'QUEUED' THEN 'due' END,
       due_at = COALESCE(told.due_at, run.due_at),
       alone = false,
       ended_at = CASE WHEN told.state <> 'QUEUED' THEN $6::timestamptz END
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS told (id, state, reason, message, due_at)
 WHERE run.id = told.id AND run.state = 'RUNNING' AND run.graph_id IS NOT NULL AND run.active_steps = 0
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool, true AS awaited,
          EXISTS (SELECT FROM data_trigger_source AS source WHERE source.task_id = run.task_id OFFSET 0)
          OR EXISTS (SELECT FROM data_trigger_source AS source WHERE source.plan_id = run.plan_id OFFSET 0)
          OR EXISTS (SELECT FROM data_trigger AS own WHERE own.task_id = run.task_id OFFSET 0)
          OR EXISTS (SELECT FROM data_trigger AS own WHERE own.plan_id = run.plan_id OFFSET 0) AS heard
