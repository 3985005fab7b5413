-- Trees of runs become history: with their steps, logs and findings they leave the live tables, all in one statement.
WITH member AS MATERIALIZED (
    SELECT run.id, run.environment_id, root.kept_on
      FROM unnest($1::bigint[], $2::date[]) AS root (id, kept_on)
      JOIN run ON run.id = root.id
     UNION ALL
    SELECT run.id, run.environment_id, root.kept_on
      FROM unnest($1::bigint[], $2::date[]) AS root (id, kept_on)
      JOIN run ON run.root_run_id = root.id
), gone AS (
    DELETE FROM run USING member
     WHERE run.id = ANY(ARRAY(SELECT id FROM member)) AND run.id = member.id
    RETURNING member.kept_on, run.*
), gone_step AS (
    DELETE FROM step_run USING member
     WHERE step_run.run_id = ANY(ARRAY(SELECT id FROM member)) AND step_run.run_id = member.id
    RETURNING member.environment_id, member.kept_on, step_run.*
), gone_log AS (
    DELETE FROM run_log USING member
     WHERE run_log.run_id = ANY(ARRAY(SELECT id FROM member)) AND run_log.run_id = member.id
    RETURNING member.environment_id, member.kept_on, run_log.*
), gone_finding AS (
    DELETE FROM finding USING member
     WHERE finding.run_id = ANY(ARRAY(SELECT id FROM member)) AND finding.run_id = member.id
    RETURNING member.environment_id, member.kept_on, finding.*
), kept AS (
    INSERT INTO kept_run SELECT * FROM gone
), step AS (
    INSERT INTO kept_step SELECT * FROM gone_step
), log AS (
    INSERT INTO kept_log SELECT * FROM gone_log
), found AS (
    INSERT INTO kept_finding SELECT * FROM gone_finding
), task AS (
    INSERT INTO task_last (task_id, run_id, state, started_at, ended_at)
    SELECT DISTINCT ON (task_id) task_id, id, state, started_at, ended_at
      FROM gone
     WHERE task_id IS NOT NULL
     ORDER BY task_id, id DESC
        ON CONFLICT (task_id) DO UPDATE
       SET run_id = EXCLUDED.run_id, state = EXCLUDED.state, started_at = EXCLUDED.started_at, ended_at = EXCLUDED.ended_at
     WHERE task_last.run_id < EXCLUDED.run_id
), task_succeeded AS (
    INSERT INTO task_success (task_id, run_id, started_at, ended_at, row_count)
    SELECT DISTINCT ON (task_id) task_id, id, started_at, ended_at, row_count
      FROM gone
     WHERE task_id IS NOT NULL AND state = 'SUCCEEDED'
     ORDER BY task_id, ended_at DESC, id DESC
        ON CONFLICT (task_id) DO UPDATE
       SET run_id = EXCLUDED.run_id, started_at = EXCLUDED.started_at, ended_at = EXCLUDED.ended_at,
           row_count = EXCLUDED.row_count
     WHERE task_success.ended_at < EXCLUDED.ended_at
), plan_succeeded AS (
    INSERT INTO plan_success (plan_id, run_id, ended_at)
    SELECT DISTINCT ON (plan_id) plan_id, id, ended_at
      FROM gone
     WHERE plan_id IS NOT NULL AND state = 'SUCCEEDED'
     ORDER BY plan_id, ended_at DESC, id DESC
        ON CONFLICT (plan_id) DO UPDATE
       SET run_id = EXCLUDED.run_id, ended_at = EXCLUDED.ended_at
     WHERE plan_success.ended_at < EXCLUDED.ended_at
), plan AS (
    INSERT INTO plan_last (plan_id, run_id, started_at)
    SELECT DISTINCT ON (plan_id) plan_id, id, started_at
      FROM gone
     WHERE plan_id IS NOT NULL AND started_at IS NOT NULL
     ORDER BY plan_id, id DESC
        ON CONFLICT (plan_id) DO UPDATE
       SET run_id = EXCLUDED.run_id, started_at = EXCLUDED.started_at
     WHERE plan_last.run_id < EXCLUDED.run_id
), week AS (
    INSERT INTO kept_week (environment_id, week, first_on, first_run, last_run)
    SELECT environment_id, date_trunc('week', kept_on)::date, min(kept_on), min(id), max(id)
      FROM gone
     GROUP BY 1, 2
     ORDER BY 1, 2
        ON CONFLICT (environment_id, week) DO UPDATE
       SET first_on = LEAST(kept_week.first_on, EXCLUDED.first_on),
           first_run = LEAST(kept_week.first_run, EXCLUDED.first_run),
           last_run = GREATEST(kept_week.last_run, EXCLUDED.last_run)
)
SELECT count(*) FROM gone
