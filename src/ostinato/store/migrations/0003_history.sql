-- History: trees of runs that have ended move out of the live tables into partitions by environment and week, and a week
-- that is too old is dropped with everything in it.
--
-- A statement that looks into every partition locks every partition and each of its indexes, and there are more of them
-- every week. So nothing reads these tables directly: the functions below first look up the weeks that can hold what is
-- wanted, and name them as constants in a statement planned for that one call, so that only those are opened. They are
-- STABLE: all they read is of one moment, that of the statement around them, and a run that is just being moved is seen
-- once. Those with a limit are planned for the limit of the call: without knowing it, the planner expects a tenth of all rows.

CREATE TABLE kept_run (
    kept_on date NOT NULL,
    LIKE run
) PARTITION BY LIST (environment_id);
COMMENT ON TABLE kept_run IS 'Ended runs that are history: the columns of run, in the same order, after kept_on. Rows come from run, so nothing is checked twice.';
COMMENT ON COLUMN kept_run.kept_on IS 'The day, in UTC, on which the outermost run of its tree ended; a tree is dropped as a whole.';
CREATE INDEX kept_run_id ON kept_run (id);
CREATE INDEX kept_run_of_root ON kept_run (root_run_id, id) WHERE root_run_id IS NOT NULL;
CREATE INDEX kept_run_of_workspace ON kept_run (workspace_id, id) WHERE parent_run_id IS NULL;
CREATE INDEX kept_run_not_succeeded ON kept_run (workspace_id, id) WHERE parent_run_id IS NULL AND state <> 'SUCCEEDED';
CREATE INDEX kept_run_history_of_task ON kept_run (task_id, started_at DESC, id DESC)
 WHERE task_id IS NOT NULL AND started_at IS NOT NULL;

CREATE TABLE kept_step (
    environment_id bigint NOT NULL,
    kept_on        date NOT NULL,
    LIKE step_run
) PARTITION BY LIST (environment_id);
CREATE INDEX kept_step_of_run ON kept_step (run_id);

CREATE TABLE kept_log (
    environment_id bigint NOT NULL,
    kept_on        date NOT NULL,
    LIKE run_log
) PARTITION BY LIST (environment_id);
CREATE INDEX kept_log_of_run ON kept_log (run_id, seq);

CREATE TABLE kept_finding (
    environment_id bigint NOT NULL,
    kept_on        date NOT NULL,
    LIKE finding
) PARTITION BY LIST (environment_id);
CREATE INDEX kept_finding_of_run ON kept_finding (run_id, position);

CREATE TABLE kept_week (
    environment_id bigint NOT NULL,
    week           date NOT NULL CHECK (extract(isodow FROM week) = 1),
    first_on       date,
    first_run      bigint,
    last_run       bigint,
    logs           boolean NOT NULL DEFAULT true,
    findings       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (environment_id, week)
);
COMMENT ON TABLE kept_week IS 'The weeks for which there are partitions, with the earliest day and the range of run ids in each.';
COMMENT ON COLUMN kept_week.logs IS 'Whether the logs of this week are still there.';

CREATE TABLE task_last (
    task_id    bigint PRIMARY KEY,
    run_id     bigint NOT NULL,
    state      text NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz NOT NULL
);
COMMENT ON TABLE task_last IS 'The newest run of each task that went into history: how a task stands is known without a look there, and outlives it.';

CREATE TABLE plan_last (
    plan_id    bigint PRIMARY KEY,
    run_id     bigint NOT NULL,
    started_at timestamptz NOT NULL
);
COMMENT ON TABLE plan_last IS 'The newest run of each plan that had started and went into history.';

DROP INDEX run_of_workspace;
CREATE INDEX run_of_workspace ON run (workspace_id, id) WHERE parent_run_id IS NULL;
CREATE INDEX run_to_keep ON run (ended_at, id) WHERE parent_run_id IS NULL AND ended_at IS NOT NULL;
CREATE INDEX trigger_key_age ON trigger_key (created_at);

CREATE FUNCTION make_week(environment bigint, monday date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kept text;
    home text;
    part text;
BEGIN
    PERFORM FROM kept_week WHERE environment_id = environment AND week = monday AND logs AND findings FOR KEY SHARE;
    IF FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(7300000003);
    INSERT INTO kept_week (environment_id, week)
    VALUES (environment, monday)
        ON CONFLICT (environment_id, week) DO UPDATE SET logs = true, findings = true;
    FOREACH kept IN ARRAY ARRAY['kept_run', 'kept_step', 'kept_log', 'kept_finding'] LOOP
        home := format('%s_%s', kept, environment);
        part := format('%s_%s', home, to_char(monday, 'YYYYMMDD'));
        IF to_regclass(home) IS NULL THEN
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL) PARTITION BY RANGE (kept_on)', home, kept);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%s)', kept, home, environment);
        END IF;
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', part, home);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', home, part, monday, monday + 7);
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION make_week IS 'Makes the partitions of a week unless they are there, and keeps them from being dropped until the transaction ends. They are attached, not made in place, because that lets others read and write meanwhile.';

CREATE FUNCTION drop_week(environment bigint, monday date, all_of_it boolean, its_logs boolean, its_findings boolean)
RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
DECLARE
    part text := format('%s_%s', environment, to_char(monday, 'YYYYMMDD'));
BEGIN
    PERFORM pg_advisory_xact_lock(7300000003);
    PERFORM FROM kept_week WHERE environment_id = environment AND week = monday FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF all_of_it AND EXISTS (SELECT FROM run JOIN kept_week AS place ON run.rerun_of BETWEEN place.first_run AND place.last_run
                              WHERE run.ended_at IS NULL AND place.environment_id = environment AND place.week = monday) THEN
        RETURN false;
    END IF;
    IF all_of_it OR its_logs THEN
        EXECUTE format('DROP TABLE IF EXISTS kept_log_%s', part);
    END IF;
    IF all_of_it OR its_findings THEN
        EXECUTE format('DROP TABLE IF EXISTS kept_finding_%s', part);
    END IF;
    IF all_of_it THEN
        EXECUTE format('DROP TABLE IF EXISTS kept_step_%s', part);
        EXECUTE format('DROP TABLE IF EXISTS kept_run_%s', part);
        DELETE FROM kept_week WHERE environment_id = environment AND week = monday;
    ELSE
        UPDATE kept_week
           SET logs = logs AND NOT its_logs, findings = findings AND NOT its_findings
         WHERE environment_id = environment AND week = monday;
    END IF;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;
COMMENT ON FUNCTION drop_week IS 'Drops a week, or its logs or findings only. False: somebody reads or writes there, and new readers must not wait behind us, or a live re-run takes over from a run there; to be tried again.';

CREATE FUNCTION find_run(wanted bigint) RETURNS SETOF kept_run LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
    place kept_week;
BEGIN
    RETURN QUERY SELECT NULL::date, run.* FROM run WHERE id = wanted;
    IF FOUND THEN
        RETURN;
    END IF;
    FOR place IN SELECT * FROM kept_week WHERE wanted BETWEEN first_run AND last_run LOOP
        RETURN QUERY EXECUTE
            'SELECT * FROM kept_run WHERE environment_id = $1 AND kept_on >= $2 AND kept_on < $2 + 7 AND id = $3'
            USING place.environment_id, place.week, wanted;
        EXIT WHEN FOUND;
    END LOOP;
END $$;
COMMENT ON FUNCTION find_run IS 'A run, live or kept; kept_on tells which.';

CREATE FUNCTION find_tree(wanted bigint) RETURNS SETOF kept_run LANGUAGE plpgsql STABLE AS $$
DECLARE
    member kept_run;
BEGIN
    SELECT * INTO member FROM find_run(wanted);
    IF member.kept_on IS NULL THEN
        RETURN QUERY SELECT NULL::date, run.* FROM run WHERE root_run_id = COALESCE(member.root_run_id, wanted);
    ELSE
        RETURN QUERY EXECUTE 'SELECT * FROM kept_run WHERE environment_id = $1 AND kept_on = $2 AND root_run_id = $3'
            USING member.environment_id, member.kept_on, COALESCE(member.root_run_id, wanted);
    END IF;
END $$;
COMMENT ON FUNCTION find_tree IS 'Every run of the tree that a run belongs to, but the outermost one.';

CREATE FUNCTION find_steps(wanted bigint) RETURNS SETOF kept_step LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    kept kept_run;
BEGIN
    RETURN QUERY SELECT NULL::bigint, NULL::date, step_run.* FROM step_run WHERE run_id = wanted;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO kept FROM find_run(wanted) WHERE kept_on IS NOT NULL;
    IF FOUND THEN
        RETURN QUERY EXECUTE 'SELECT * FROM kept_step WHERE environment_id = $1 AND kept_on = $2 AND run_id = $3'
            USING kept.environment_id, kept.kept_on, wanted;
    END IF;
END $$;
COMMENT ON FUNCTION find_steps IS 'The steps of a plan run, live or kept.';

CREATE FUNCTION find_log(wanted bigint, after bigint, most bigint) RETURNS SETOF kept_log LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    kept kept_run;
BEGIN
    RETURN QUERY SELECT NULL::bigint, NULL::date, run_log.* FROM run_log WHERE run_id = wanted AND seq > after ORDER BY seq LIMIT most;
    IF EXISTS (SELECT FROM run WHERE id = wanted) THEN
        RETURN;
    END IF;
    SELECT * INTO kept FROM find_run(wanted);
    IF FOUND THEN
        RETURN QUERY EXECUTE
            'SELECT * FROM kept_log WHERE environment_id = $1 AND kept_on = $2 AND run_id = $3 AND seq > $4 ORDER BY seq LIMIT $5'
            USING kept.environment_id, kept.kept_on, wanted, after, most;
    END IF;
END $$;
COMMENT ON FUNCTION find_log IS 'The log of a run, live or kept, after a line. What was written while the run was being moved stays behind and is read as well: the caller puts the lines in order.';

CREATE FUNCTION find_findings(wanted bigint, first bigint, most bigint) RETURNS SETOF kept_finding LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    kept kept_run;
BEGIN
    IF EXISTS (SELECT FROM run WHERE id = wanted) THEN
        RETURN QUERY SELECT NULL::bigint, NULL::date, finding.* FROM finding
                      WHERE run_id = wanted AND position >= first ORDER BY position LIMIT most;
        RETURN;
    END IF;
    SELECT * INTO kept FROM find_run(wanted);
    IF FOUND THEN
        RETURN QUERY EXECUTE
            'SELECT * FROM kept_finding WHERE environment_id = $1 AND kept_on = $2 AND run_id = $3 AND position >= $4
              ORDER BY position LIMIT $5'
            USING kept.environment_id, kept.kept_on, wanted, first, most;
    END IF;
END $$;
COMMENT ON FUNCTION find_findings IS 'What a run, live or kept, found, from a position on.';

CREATE FUNCTION find_history(wanted bigint, most bigint) RETURNS SETOF kept_run LANGUAGE plpgsql STABLE ROWS 100
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    past   kept_run;
    place  kept_week;
    starts timestamptz[];
BEGIN
    FOR past IN
        SELECT NULL::date, run.* FROM run
         WHERE task_id = wanted AND started_at IS NOT NULL
         ORDER BY started_at DESC, id DESC LIMIT most
    LOOP
        RETURN NEXT past;
        starts := starts || past.started_at;
    END LOOP;
    FOR place IN
        SELECT kept_week.* FROM kept_week JOIN task USING (environment_id) WHERE task.id = wanted ORDER BY week DESC
    LOOP
        EXIT WHEN most <= (SELECT count(*) FROM unnest(starts) AS start WHERE start >= (place.week + 7)::timestamp AT TIME ZONE 'UTC');
        FOR past IN EXECUTE
            'SELECT * FROM kept_run
              WHERE environment_id = $1 AND kept_on >= $2 AND kept_on < $2 + 7 AND task_id = $3 AND started_at IS NOT NULL
              ORDER BY started_at DESC, id DESC LIMIT $4'
            USING place.environment_id, place.week, wanted, most
        LOOP
            RETURN NEXT past;
            starts := starts || past.started_at;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION find_history IS 'The newest starts of a task are among these, as many as wanted; no run of a week started after it, so older weeks are left alone once there are enough. The caller puts them in order.';

CREATE FUNCTION find_old_runs(workspaces bigint[], newer bigint[], before bigint, states text[], most bigint)
RETURNS SETOF kept_run LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    below bigint := COALESCE(before, 9223372036854775807);
    least bigint := COALESCE(newer[most], 0);
    place kept_week;
    found kept_run[];
    page  kept_run[];
BEGIN
    IF NOT EXISTS (SELECT FROM kept_week WHERE last_run > least) THEN
        RETURN;
    END IF;
    FOR place IN
        SELECT *
          FROM kept_week
         WHERE environment_id IN (SELECT environment_id FROM workspace WHERE id = ANY(workspaces))
           AND first_run < below AND last_run > least
           AND COALESCE(states && ARRAY['SUCCEEDED', 'FAILED', 'CANCELLED'], true)
         ORDER BY last_run DESC
    LOOP
        EXIT WHEN place.last_run < least;
        EXECUTE
            'SELECT array_agg(newest.kept)
               FROM unnest($1) AS workspace (id)
              CROSS JOIN LATERAL (
                        SELECT kept
                          FROM kept_run AS kept
                         WHERE environment_id = $2 AND kept_on >= $3 AND kept_on < $3 + 7
                           AND (workspace_id, id) > (workspace.id, $5) AND (workspace_id, id) < (workspace.id, $4)
                           AND parent_run_id IS NULL AND ($6 IS NULL OR state = ANY($6))
                         ORDER BY workspace_id DESC, id DESC
                         LIMIT $7) AS newest'
            INTO found
            USING workspaces, place.environment_id, place.week, below, least, states, most;
        page := page || found;
        least := COALESCE((SELECT id
                             FROM (SELECT unnest(newer) AS id UNION ALL SELECT run.id FROM unnest(page) AS run) AS known
                            ORDER BY id DESC
                           OFFSET most - 1
                            LIMIT 1), 0);
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(page);
END $$;
COMMENT ON FUNCTION find_old_runs IS 'The kept runs that belong to a page of runs started by themselves, and maybe more; the live ones of the page are given, the newest first. From the newest week on, until no older one can hold a run that is newer than those found. Workspace and id are compared as a pair, which only the index of a workspace can follow: by id alone, all children of a large plan would be passed over.';

DROP VIEW run_seen;
CREATE FUNCTION run_seen(kept_run)
RETURNS TABLE (run bigint, state text, reason text, message text, attempt integer, due_at timestamptz, queued_at timestamptz,
               started_at timestamptz, ended_at timestamptz, parent bigint, root bigint, step integer, handler boolean,
               row_count bigint, counts jsonb, cancel_requested_at timestamptz, plan_version integer, graph bigint,
               workspace_id bigint, kind text, task_type text, number integer, name text, workspace text, environment text,
               priority integer, hold text, deadline_at timestamptz, cause text, parameters jsonb, rerun_of bigint)
LANGUAGE sql STABLE ROWS 1 AS $$
SELECT $1.id, $1.state, $1.reason, $1.message, $1.attempt, $1.due_at, $1.queued_at, $1.started_at, $1.ended_at,
       $1.parent_run_id, $1.root_run_id, $1.step, $1.handler, $1.row_count, $1.counts, $1.cancel_requested_at,
       $1.plan_version, $1.graph_id, $1.workspace_id, runnable.kind, runnable.type, runnable.number, runnable.name,
       workspace.key, environment.name, $1.priority, $1.hold, $1.deadline_at, $1.cause, $1.parameters, $1.rerun_of
  FROM workspace
  JOIN environment ON environment.id = $1.environment_id
  JOIN (SELECT 'task' AS kind, id, type, number, name FROM task
         UNION ALL
        SELECT 'plan', id, NULL, number, name FROM plan) AS runnable
    ON runnable.kind = CASE WHEN $1.plan_id IS NULL THEN 'task' ELSE 'plan' END
   AND runnable.id = COALESCE($1.task_id, $1.plan_id)
 WHERE workspace.id = $1.workspace_id
$$;
COMMENT ON FUNCTION run_seen IS 'A run as it is shown, with the names of what it ran and where; whoever selects from it checks the viewer. It has no outer join, so that it becomes a part of the statement around it.';

CREATE OR REPLACE VIEW task_standing AS
SELECT task.id AS task_id,
       CASE WHEN task.disabled THEN 'disabled'
            WHEN live.state = 'QUEUED' THEN 'queued'
            WHEN live.state IS NOT NULL THEN 'running'
            WHEN last.state IN ('FAILED', 'CANCELLED') THEN 'failed'
            WHEN last.state = 'SUCCEEDED' AND task.changed_at <= COALESCE(last.started_at, last.ended_at) THEN 'succeeded'
            ELSE 'outdated' END AS standing,
       COALESCE(live.started_at, last.started_at) AS started_at,
       CASE WHEN live.started_at IS NULL THEN last.ended_at END AS ended_at,
       last.started_at AS last_started_at,
       last.ended_at AS last_ended_at
  FROM task
  LEFT JOIN LATERAL (
           SELECT run.state, COALESCE(run.started_at, CASE WHEN run.state <> 'QUEUED' THEN run.queued_at END) AS started_at
             FROM run
            WHERE run.task_id = task.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
            ORDER BY run.state = 'QUEUED', run.id DESC
            LIMIT 1) AS live ON true
  LEFT JOIN LATERAL (
           SELECT ended.state, ended.started_at, ended.ended_at
             FROM ((SELECT run.id, run.state, run.started_at, run.ended_at
                      FROM run
                     WHERE run.task_id = task.id AND run.state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
                     ORDER BY run.id DESC
                     LIMIT 1)
                    UNION ALL
                   SELECT task_last.run_id, task_last.state, task_last.started_at, task_last.ended_at
                     FROM task_last
                    WHERE task_last.task_id = task.id) AS ended
            ORDER BY ended.id DESC
            LIMIT 1) AS last ON true;
