-- An installation that has been at work for a long time and has much to do: 1,000,000 runs that ended, 1,000 plans under
-- way with 100,000 steps that wait, 126,000 runs that are held, 22,000 that are ready. Needs what `access.set_up` makes.
CREATE TEMPORARY TABLE here AS
SELECT environment.id AS environment, workspace.id AS workspace, app_user.id AS admin
  FROM environment, workspace, app_user
 WHERE environment.name = 'Production' AND workspace.key = 'lab' AND workspace.environment_id = environment.id
   AND app_user.name = 'admin';

INSERT INTO graph (id, digest, body) OVERRIDING SYSTEM VALUE VALUES (1, 'one', '{}');

INSERT INTO pool (id, environment_id, name, slots, created_at, changed_at) OVERRIDING SYSTEM VALUE
SELECT number, environment, 'pool ' || number, 50, now(), now() FROM here, generate_series(1, 2) AS number;

-- Tasks 1-1000 queue, the first 100 of them behind a run at work; 1001-1100 need a slot of pool 1; 2000 is paused.
INSERT INTO task (id, environment_id, workspace_id, type, number, name, config, overlap, pool_id, paused_at, created_at, changed_at)
       OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, 'Probe', number, 'task ' || number, '{}',
       CASE WHEN number <= 1000 THEN 'queue' ELSE 'parallel' END, CASE WHEN number BETWEEN 1001 AND 1100 THEN 1 END,
       CASE WHEN number = 2000 THEN now() END, now(), now()
  FROM here, generate_series(1, 2000) AS number;

-- Plans 1-200 run side by side, 201-210 queue behind a run at work.
INSERT INTO plan (id, environment_id, workspace_id, number, name, version, graph_id, overlap, created_at, changed_at)
       OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, number, 'plan ' || number, 1, 1, CASE WHEN number <= 200 THEN 'parallel' ELSE 'queue' END,
       now(), now()
  FROM here, generate_series(1, 210) AS number;

-- Sessions 1 (ours) and 2 live, 3 has just died, the others ended long ago.
INSERT INTO server_session (id, host, pid, slots, started_at, alive_until) OVERRIDING SYSTEM VALUE
SELECT number, 'host', number, 8, now(),
       CASE WHEN number <= 2 THEN now() + interval '1 day' WHEN number = 3 THEN now() - interval '1 second' ELSE '-infinity' END
  FROM generate_series(1, 500) AS number;

-- Ended: 1-600,000 by themselves, 600,001-620,000 plans, 620,001-1,000,000 their children.
INSERT INTO run (id, environment_id, workspace_id, task_id, state, reason, due_at, queued_at, started_at, ended_at, attempt, cause,
                 requested_by) OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, number % 2000 + 1, CASE WHEN number % 20 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
       CASE WHEN number % 20 = 0 THEN 'error' END, moment, moment, moment, moment + interval '1 second', 1, 'api', admin
  FROM here, generate_series(1, 600000) AS number, LATERAL (SELECT now() - (1000001 - number) * interval '5 seconds' AS moment) AS m;
INSERT INTO run (id, environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at, started_at, ended_at,
                 attempt, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, number % 200 + 1, 1, 1, 'SUCCEEDED', moment, moment, moment, moment + interval '1 second', 1,
       'api', admin
  FROM here, generate_series(600001, 620000) AS number, LATERAL (SELECT now() - (1000001 - number) * interval '5 seconds' AS moment) AS m;
INSERT INTO run (id, environment_id, workspace_id, task_id, parent_run_id, root_run_id, step, state, due_at, queued_at, started_at,
                 ended_at, attempt, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, number % 2000 + 1, 600001 + (number - 620001) / 19, 600001 + (number - 620001) / 19,
       (number - 620001) % 19, 'SUCCEEDED', moment, moment, moment, moment + interval '1 second', 1, 'plan', admin
  FROM here, generate_series(620001, 1000000) AS number, LATERAL (SELECT now() - (1000001 - number) * interval '5 seconds' AS moment) AS m;

-- At work: plans 1,000,001-1,001,000, each with 100 steps that wait behind the first; 200 of their tasks on three servers,
-- of which one has died; the 50 slots of a pool; what 100 tasks and 10 plans queue behind.
INSERT INTO run (id, environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at, started_at, attempt,
                 active_steps, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1000000 + number, environment, workspace, number % 200 + 1, 1, 1, 'RUNNING', now(), now(), now(), 1, 1, 'api', admin
  FROM here, generate_series(1, 1000) AS number;
INSERT INTO run (id, environment_id, workspace_id, task_id, parent_run_id, root_run_id, step, state, lease, session_id, due_at,
                 queued_at, started_at, attempt, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1001000 + number, environment, workspace, 1100 + number, 1000000 + number, 1000000 + number, 0, 'RUNNING', number,
       CASE WHEN number <= 120 THEN 1 WHEN number <= 160 THEN 2 ELSE 3 END, now(), now(), now(), 1, 'plan', admin
  FROM here, generate_series(1, 200) AS number;
INSERT INTO run (id, environment_id, workspace_id, task_id, pool_id, pool_slot, state, lease, session_id, due_at, queued_at,
                 started_at, attempt, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1002000 + number, environment, workspace, 1000 + number, 1, number, 'RUNNING', 1000 + number, 2, now(), now(), now(), 1,
       'api', admin
  FROM here, generate_series(1, 50) AS number;
INSERT INTO run (id, environment_id, workspace_id, task_id, state, alone, lease, session_id, due_at, queued_at, started_at, attempt,
                 cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1003000 + number, environment, workspace, number, 'RUNNING', true, 2000 + number, 2, now(), now(), now(), 1, 'api', admin
  FROM here, generate_series(1, 100) AS number;
INSERT INTO run (id, environment_id, workspace_id, plan_id, plan_version, graph_id, state, alone, due_at, queued_at, started_at,
                 attempt, active_steps, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1004000 + number, environment, workspace, 200 + number, 1, 1, 'RUNNING', true, now(), now(), now(), 1, 1, 'api', admin
  FROM here, generate_series(1, 10) AS number;

-- Held: 50,000 behind a run of their task, 50,000 without a slot of their pool, 1,000 behind a run of their plan, 5,000 paused,
-- 20,000 due tomorrow. Ready: 20,000 of low priority, of tasks of every kind, and 2,000 plans.
INSERT INTO run (id, environment_id, workspace_id, task_id, pool_id, state, hold, priority, due_at, deadline_at, queued_at, cause,
                 requested_by) OVERRIDING SYSTEM VALUE
SELECT 1010000 + number, environment, workspace, task, CASE WHEN hold = 'pool' THEN 1 END, 'QUEUED', NULLIF(hold, 'ready'),
       CASE WHEN hold = 'ready' THEN -10 ELSE 0 END, now() + CASE WHEN hold = 'due' THEN interval '1 day' ELSE '0' END,
       CASE WHEN number % 5 = 0 THEN now() + interval '2 days' END, now(), 'api', admin
  FROM here, generate_series(1, 145000) AS number,
       LATERAL (SELECT CASE WHEN number <= 50000 THEN 'task' WHEN number <= 100000 THEN 'pool' WHEN number <= 105000 THEN 'paused'
                            WHEN number <= 125000 THEN 'due' ELSE 'ready' END AS hold) AS held,
       LATERAL (SELECT CASE hold WHEN 'task' THEN number % 100 + 1 WHEN 'pool' THEN number % 100 + 1001 WHEN 'paused' THEN 2000
                                 WHEN 'due' THEN number % 800 + 1101 ELSE (number * 37) % 1900 + 50 END AS task) AS of;
INSERT INTO run (id, environment_id, workspace_id, plan_id, plan_version, graph_id, state, hold, due_at, queued_at, cause,
                 requested_by) OVERRIDING SYSTEM VALUE
SELECT 1160000 + number, environment, workspace, CASE WHEN number <= 1000 THEN number % 10 + 201 ELSE number % 210 + 1 END, 1, 1,
       'QUEUED', CASE WHEN number <= 1000 THEN 'plan' END, now(), now(), 'api', admin
  FROM here, generate_series(1, 3000) AS number;

-- The newest of all: a plan of 20,000 tasks that has ended.
INSERT INTO run (id, environment_id, workspace_id, plan_id, task_id, parent_run_id, root_run_id, step, plan_version, graph_id, state,
                 due_at, queued_at, started_at, ended_at, attempt, cause, requested_by) OVERRIDING SYSTEM VALUE
SELECT 1200000 + number, environment, workspace, CASE WHEN number = 0 THEN 1 END, CASE WHEN number > 0 THEN number % 2000 + 1 END,
       CASE WHEN number > 0 THEN 1200000 END, CASE WHEN number > 0 THEN 1200000 END, CASE WHEN number > 0 THEN 0 END, 1,
       CASE WHEN number = 0 THEN 1 END, 'SUCCEEDED', now(), now(), now(), now(), 1, 'plan', admin
  FROM here, generate_series(0, 20000) AS number;

-- Steps of plans under way, and of 10,000 that ended.
INSERT INTO step_run (run_id, step, state, condition, needed, pending, open)
SELECT 1000000 + plan, step, CASE WHEN step = 0 THEN 'running' ELSE 'waiting' END, 'all_succeeded', LEAST(step, 1), LEAST(step, 1),
       CASE WHEN step = 0 THEN 2 ELSE 0 END
  FROM generate_series(1, 1000) AS plan, generate_series(0, 100) AS step;
INSERT INTO step_run (run_id, step, state, condition, needed, pending, succeeded)
SELECT 600000 + plan, step, 'succeeded', 'all_succeeded', LEAST(step, 1), 0, 1
  FROM generate_series(1, 10000) AS plan, generate_series(0, 18) AS step;

INSERT INTO run_log (run_id, seq, attempt, at, line)
SELECT run, 1000000000 + line, 1, now(), 'line ' || line
  FROM generate_series(1, 100000) AS run, generate_series(1, 3) AS line;
INSERT INTO run_log (run_id, seq, attempt, at, line)
SELECT 1001001, 1000000000 + line, 1, now(), 'line ' || line FROM generate_series(1, 100000) AS line;

INSERT INTO trigger_key (scope, key, run_id, task_id, created_at)
SELECT 'user:' || admin, 'key ' || number, number, number % 2000 + 1, now() FROM here, generate_series(1, 100000) AS number;

SELECT setval(pg_get_serial_sequence('run', 'id'), 2000000), setval('lease_token', 2000000);
