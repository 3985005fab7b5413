-- A plan of two steps, each of 10,000 tasks that ran five times within the hour and often before. Needs a workspace `lab`.
CREATE TEMPORARY TABLE here AS
SELECT environment_id AS environment, id AS workspace FROM workspace WHERE key = 'lab';

INSERT INTO task (id, environment_id, workspace_id, type, number, name, config, created_at, changed_at) OVERRIDING SYSTEM VALUE
SELECT number, environment, workspace, 'Query', number, 'task ' || number, '{}', '-infinity', '-infinity'
  FROM here, generate_series(1, 20000) AS number;

INSERT INTO graph (id, digest, body) OVERRIDING SYSTEM VALUE
SELECT 1, 'one', jsonb_build_object('steps', jsonb_build_array(
           jsonb_build_object('name', 'first', 'runs', jsonb_agg(ref) FILTER (WHERE number <= 10000)),
           jsonb_build_object('name', 'second', 'runs', jsonb_agg(ref) FILTER (WHERE number > 10000), 'after', ARRAY[0])))
  FROM (SELECT number, jsonb_build_object('task', number) AS ref FROM generate_series(1, 20000) AS number) AS refs;
INSERT INTO plan (id, environment_id, workspace_id, number, name, version, graph_id, created_at, changed_at) OVERRIDING SYSTEM VALUE
SELECT 1, environment, workspace, 1, 'large', 1, 1, now(), now() FROM here;
INSERT INTO plan_member (plan_id, task_id, position) SELECT 1, number, number - 1 FROM generate_series(1, 20000) AS number;
SELECT note_steps(ARRAY[1]::bigint[]);

INSERT INTO run (environment_id, workspace_id, task_id, state, due_at, queued_at, started_at, ended_at, attempt, cause)
SELECT environment, workspace, number, 'SUCCEEDED', moment, moment, moment, moment + interval '1 second', 1, 'api'
  FROM here, generate_series(1, 5) AS turn, generate_series(1, 20000) AS number,
       LATERAL (SELECT now() - interval '1 hour' + turn * interval '10 minutes'
                       + CASE WHEN number > 10000 THEN interval '5 minutes' ELSE '0' END AS moment) AS m;
INSERT INTO task_success (task_id, run_id, started_at, ended_at, row_count)
SELECT number, number, now() - interval '2 days', now() - interval '2 days', 1 FROM generate_series(1, 20000) AS number;
INSERT INTO task_last (task_id, run_id, state, started_at, ended_at)
SELECT number, number, 'SUCCEEDED', now() - interval '2 days', now() - interval '2 days' FROM generate_series(1, 20000) AS number;
VACUUM ANALYZE;
