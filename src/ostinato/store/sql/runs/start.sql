-- Tasks and plans are started by themselves, each in its current version or in the one that is named. Work waits for a
-- worker; what consists of steps runs at once, or behind the run before it. Nothing is made of what may be live once
-- only and is live already; asked after it was locked, so that a start that has just committed is seen.
-- What people and their programs start is recorded; what a schedule starts has its cause in the run itself.
-- OFFSET 0 keeps the planner from reading all live runs beforehand instead of asking for one task or plan.
WITH wanted AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('run', 'id')) AS id, fresh.*
      FROM (SELECT asked.position, asked.parameters, asked.requested_by, asked.cause, asked.rerun_of, asked.rerun_part,
                   asked.rerun_step, asked.actor, asked.credential, asked.address, asked.trace, COALESCE(task.name, plan.name) AS name,
                   COALESCE(asked.priority, task.priority, plan.priority) AS priority,
                   COALESCE(task.environment_id, plan.environment_id) AS environment_id,
                   COALESCE(task.workspace_id, plan.workspace_id) AS workspace_id, task.id AS task_id, plan.id AS plan_id,
                   CASE WHEN plan.id IS NOT NULL THEN COALESCE(asked.version, plan.version) END AS plan_version,
                   COALESCE(asked.graph, task.graph_id, plan.graph_id) AS graph_id,
                   COALESCE(task.run_timeout_s, plan.run_timeout_s) AS run_timeout_s,
                   COALESCE(task.overlap, plan.overlap) AS overlap,
                   EXISTS (SELECT FROM run WHERE run.task_id = task.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING') OFFSET 0)
                   OR EXISTS (SELECT FROM run WHERE run.plan_id = plan.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING') OFFSET 0)
                   OR row_number() OVER (PARTITION BY task.id, plan.id ORDER BY asked.position) > 1 AS live,
                   EXISTS (SELECT FROM run WHERE run.task_id = task.id AND run.state IN ('CLAIMED', 'RUNNING') OFFSET 0)
                   OR EXISTS (SELECT FROM run WHERE run.plan_id = plan.id AND run.state IN ('CLAIMED', 'RUNNING') OFFSET 0)
                   OR row_number() OVER (PARTITION BY task.id, plan.id ORDER BY asked.position) > 1 AS busy
              FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::jsonb[], $5::bigint[], $6::text[], $7::bigint[],
                          $8::text[], $9::text[], $10::bigint[], $11::integer[], $13::text[], $14::bigint[], $15::text[],
                          $16::text[]) WITH ORDINALITY
                   AS asked (task, plan, priority, parameters, requested_by, cause, rerun_of, rerun_part, rerun_step, graph,
                             version, actor, credential, address, trace, position)
              LEFT JOIN task ON task.id = asked.task
              LEFT JOIN plan ON plan.id = asked.plan
             WHERE task.id IS NOT NULL OR plan.id IS NOT NULL) AS fresh
     WHERE NOT (fresh.overlap = 'forbid' AND fresh.live)
     ORDER BY fresh.position
), made AS (
    INSERT INTO run (id, environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, priority, state, hold, alone,
                     attempt, parameters, deadline_at, due_at, queued_at, started_at, cause, requested_by, rerun_of,
                     rerun_part, rerun_step)
    OVERRIDING SYSTEM VALUE
    SELECT id, environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, priority,
           CASE WHEN graph_id IS NOT NULL AND NOT (overlap = 'queue' AND live) THEN 'RUNNING' ELSE 'QUEUED' END,
           CASE WHEN overlap = 'queue' AND busy THEN CASE WHEN plan_id IS NULL THEN 'task' ELSE 'plan' END END,
           graph_id IS NOT NULL AND overlap <> 'parallel' AND NOT (overlap = 'queue' AND live),
           CASE WHEN graph_id IS NOT NULL AND NOT (overlap = 'queue' AND live) THEN 1 ELSE 0 END,
           parameters, $12::timestamptz + run_timeout_s * interval '1 second', $12, $12,
           CASE WHEN graph_id IS NOT NULL AND NOT (overlap = 'queue' AND live) THEN $12::timestamptz END,
           cause, requested_by, rerun_of, rerun_part, rerun_step
      FROM wanted
    RETURNING id
), recorded AS (
    INSERT INTO audit (at, actor, user_id, credential_id, address, trace, action, kind, target, environment, workspace, after)
    SELECT $12, actor, requested_by, credential, address, trace, CASE WHEN rerun_of IS NULL THEN 'start' ELSE 'run again' END,
           CASE WHEN plan_id IS NULL THEN 'task' ELSE 'plan' END, wanted.name, environment.name, workspace.key,
           jsonb_strip_nulls(jsonb_build_object('run', wanted.id, 'rerunOf', rerun_of, 'part', rerun_part, 'step', rerun_step))
      FROM wanted
      JOIN workspace ON workspace.id = wanted.workspace_id
      JOIN environment ON environment.id = wanted.environment_id
     WHERE actor IS NOT NULL
     ORDER BY wanted.position
)
SELECT position::integer, id AS run, CASE WHEN overlap = 'queue' AND live THEN NULL ELSE graph_id END AS graph
  FROM wanted
