-- What all migrations together make. Written by `python -m tools.schema`; change it by a migration.

CREATE FUNCTION access_changes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    one record := COALESCE(NEW, OLD);
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'app_user' THEN
            PERFORM renew_access(ARRAY[one.id]);
        WHEN 'credential' THEN
            PERFORM renew_access(ARRAY[one.user_id]);
        WHEN 'user_group' THEN
            PERFORM renew_access(ARRAY(SELECT user_id FROM group_member WHERE group_id = one.id));
        ELSE
            PERFORM renew_access(ARRAY(SELECT one.user_id WHERE one.user_id IS NOT NULL
                                        UNION ALL
                                       SELECT user_id FROM group_member WHERE group_id = one.group_id));
    END CASE;
    RETURN NULL;
END $$;

CREATE TABLE audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    user_id bigint,
    credential_id bigint,
    address text,
    trace text,
    action text NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    environment text,
    workspace text,
    before jsonb,
    after jsonb,
    seal bigint,
    digest bytea
);

COMMENT ON TABLE audit IS 'What was changed, by whom, with what and from where, written in the transaction of the change. Names are copied: what they name may be gone.';

COMMENT ON COLUMN audit.seal IS 'Its place in the chain, given a moment after its transaction ended; digest is that of the record before and of this one.';

CREATE FUNCTION audit_text(record audit) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
SELECT (jsonb_build_object('seal', $1.seal, 'id', $1.id, 'at', to_char($1.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                           'actor', $1.actor, 'userId', $1.user_id, 'credentialId', $1.credential_id, 'address', $1.address,
                           'trace', $1.trace, 'action', $1.action, 'kind', $1.kind, 'target', $1.target,
                           'environment', $1.environment, 'workspace', $1.workspace, 'before', $1.before, 'after', $1.after))::text
$_$;

COMMENT ON FUNCTION audit_text(record audit) IS 'A record as its digest is taken of.';

CREATE FUNCTION broken_seal() RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    one    audit;
    number bigint := 0;
    last   bytea := '';
BEGIN
    FOR one IN SELECT * FROM audit WHERE seal IS NOT NULL ORDER BY seal LOOP
        number := number + 1;
        IF one.seal <> number OR one.digest <> sha256(last || convert_to(audit_text(one), 'UTF8')) THEN
            RETURN number;
        END IF;
        last := one.digest;
    END LOOP;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION broken_seal() IS 'The first place in the chain whose record is missing or not as it was; NULL: there is none.';

CREATE FUNCTION count_sources() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE data_trigger SET sources = sources + 1 WHERE id = NEW.trigger_id;
    ELSE
        UPDATE data_trigger SET sources = sources - 1 WHERE id = OLD.trigger_id;
        DELETE FROM data_trigger_success WHERE source_id = OLD.id;
    END IF;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION count_sources() IS 'A data trigger knows how many sources it has; the successes of a source go with it.';

CREATE FUNCTION drop_week(environment bigint, monday date, all_of_it boolean, its_logs boolean, its_findings boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET lock_timeout TO '100ms'
    AS $$
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

COMMENT ON FUNCTION drop_week(environment bigint, monday date, all_of_it boolean, its_logs boolean, its_findings boolean) IS 'Drops a week, or its logs or findings only. False: somebody reads or writes there, and new readers must not wait behind us, or a live re-run takes over from a run there; to be tried again.';

CREATE TABLE kept_finding (
    environment_id bigint NOT NULL,
    kept_on date NOT NULL,
    run_id bigint CONSTRAINT finding_run_id_not_null NOT NULL,
    "position" integer CONSTRAINT finding_position_not_null NOT NULL,
    kind text CONSTRAINT finding_kind_not_null NOT NULL,
    "row" json CONSTRAINT finding_row_not_null NOT NULL
)
PARTITION BY LIST (environment_id);

CREATE FUNCTION find_findings(wanted bigint, first bigint, most bigint) RETURNS SETOF kept_finding
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_findings(wanted bigint, first bigint, most bigint) IS 'What a run, live or kept, found, from a position on.';

CREATE TABLE kept_run (
    kept_on date NOT NULL,
    id bigint CONSTRAINT run_id_not_null NOT NULL,
    environment_id bigint CONSTRAINT run_environment_id_not_null NOT NULL,
    workspace_id bigint CONSTRAINT run_workspace_id_not_null NOT NULL,
    task_id bigint,
    plan_id bigint,
    plan_version integer,
    graph_id bigint,
    parent_run_id bigint,
    root_run_id bigint,
    step integer,
    handler boolean CONSTRAINT run_handler_not_null NOT NULL,
    state text CONSTRAINT run_state_not_null NOT NULL,
    reason text,
    message text,
    due_at timestamp with time zone CONSTRAINT run_due_at_not_null NOT NULL,
    attempt integer CONSTRAINT run_attempt_not_null NOT NULL,
    losses integer CONSTRAINT run_losses_not_null NOT NULL,
    lease bigint,
    session_id bigint,
    cancel_requested_at timestamp with time zone,
    active_steps integer CONSTRAINT run_active_steps_not_null NOT NULL,
    failed_steps integer CONSTRAINT run_failed_steps_not_null NOT NULL,
    row_count bigint,
    counts jsonb,
    queued_at timestamp with time zone CONSTRAINT run_queued_at_not_null NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    cause text CONSTRAINT run_cause_not_null NOT NULL,
    requested_by bigint,
    priority integer CONSTRAINT run_priority_not_null NOT NULL,
    hold text,
    alone boolean CONSTRAINT run_alone_not_null NOT NULL,
    pool_id bigint,
    pool_slot integer,
    deadline_at timestamp with time zone,
    cancel_reason text,
    ended_lease bigint,
    given_back integer CONSTRAINT run_given_back_not_null NOT NULL,
    parameters jsonb,
    rerun_of bigint,
    rerun_part text,
    rerun_step text
)
PARTITION BY LIST (environment_id);

COMMENT ON TABLE kept_run IS 'Ended runs that are history: the columns of run, in the same order, after kept_on. Rows come from run, so nothing is checked twice.';

COMMENT ON COLUMN kept_run.kept_on IS 'The day, in UTC, on which the outermost run of its tree ended; a tree is dropped as a whole.';

CREATE FUNCTION find_history(wanted bigint, most bigint) RETURNS SETOF kept_run
    LANGUAGE plpgsql STABLE ROWS 100
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
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
        SELECT kept_week.* FROM kept_week JOIN task_ever AS task USING (environment_id) WHERE task.id = wanted ORDER BY week DESC
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
END $_$;

COMMENT ON FUNCTION find_history(wanted bigint, most bigint) IS 'The newest starts of a task are among these, as many as wanted; no run of a week started after it, so older weeks are left alone once there are enough. The caller puts them in order.';

CREATE TABLE kept_log (
    environment_id bigint NOT NULL,
    kept_on date NOT NULL,
    run_id bigint CONSTRAINT run_log_run_id_not_null NOT NULL,
    seq bigint CONSTRAINT run_log_seq_not_null NOT NULL,
    attempt integer CONSTRAINT run_log_attempt_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT run_log_at_not_null NOT NULL,
    line text CONSTRAINT run_log_line_not_null NOT NULL
)
PARTITION BY LIST (environment_id);

CREATE FUNCTION find_log(wanted bigint, after bigint, most bigint) RETURNS SETOF kept_log
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_log(wanted bigint, after bigint, most bigint) IS 'The log of a run, live or kept, after a line. What was written while the run was being moved stays behind and is read as well: the caller puts the lines in order.';

CREATE FUNCTION find_members(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint) RETURNS TABLE(member kept_run, has_rows boolean)
    LANGUAGE plpgsql STABLE ROWS 100
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    AS $_$
BEGIN
    IF day IS NULL THEN
        RETURN QUERY
            SELECT ROW(NULL::date, run.*)::kept_run,
                   run.state = 'SUCCEEDED' AND EXISTS (SELECT FROM finding WHERE finding.run_id = run.id)
              FROM run
             WHERE (run.id = wanted OR run.root_run_id = wanted) AND run.workspace_id = ANY(workspaces)
             ORDER BY run.id LIMIT most;
    ELSE
        RETURN QUERY EXECUTE
            'SELECT kept_run,
                    state = ''SUCCEEDED''
                    AND EXISTS (SELECT FROM kept_finding AS row
                                 WHERE row.environment_id = $1 AND row.kept_on = $2 AND row.run_id = kept_run.id)
               FROM kept_run
              WHERE environment_id = $1 AND kept_on = $2 AND (id = $3 OR root_run_id = $3) AND workspace_id = ANY($4)
              ORDER BY id LIMIT $5'
            USING environment, day, wanted, workspaces, most;
    END IF;
END $_$;

COMMENT ON FUNCTION find_members(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint) IS 'An outermost run and every run below it, in the order they were made, of some workspaces only; day: under which they are kept, NULL if they are live. has_rows: it succeeded, although it kept rows that a check returned.';

CREATE FUNCTION find_old_runs(workspaces bigint[], newer bigint[], before bigint, states text[], most bigint) RETURNS SETOF kept_run
    LANGUAGE plpgsql STABLE ROWS 10
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_old_runs(workspaces bigint[], newer bigint[], before bigint, states text[], most bigint) IS 'The kept runs that belong to a page of runs started by themselves, and maybe more; the live ones of the page are given, the newest first. From the newest week on, until no older one can hold a run that is newer than those found. Workspace and id are compared as a pair, which only the index of a workspace can follow: by id alone, all children of a large plan would be passed over.';

CREATE FUNCTION find_plan_runs(wanted bigint, above bigint, below bigint, states text[], causes text[], since timestamp with time zone, until timestamp with time zone, most bigint) RETURNS TABLE(run bigint, day date, state text, cause text, queued_at timestamp with time zone, ended_at timestamp with time zone)
    LANGUAGE plpgsql STABLE ROWS 20
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
#variable_conflict use_column
DECLARE
    past  kept_run;
    place kept_week;
    ids   bigint[] := '{}';
    least bigint := above;
BEGIN
    FOR past IN
        SELECT NULL::date, run.* FROM run
         WHERE plan_id = wanted AND parent_run_id IS NULL AND id > above AND id < below
           AND (states IS NULL OR state = ANY(states)) AND (causes IS NULL OR cause = ANY(causes))
           AND (since IS NULL OR queued_at >= since) AND (until IS NULL OR queued_at < until)
         ORDER BY id DESC LIMIT most
    LOOP
        run := past.id; day := past.kept_on; state := past.state; cause := past.cause;
        queued_at := past.queued_at; ended_at := past.ended_at;
        RETURN NEXT;
        ids := ids || past.id;
    END LOOP;
    FOR place IN
        SELECT kept_week.* FROM kept_week JOIN plan_ever AS plan USING (environment_id)
         WHERE plan.id = wanted AND first_run < below AND last_run > above
           AND (since IS NULL OR (week + 7)::timestamp AT TIME ZONE 'UTC' > since)
           AND COALESCE(states && ARRAY['SUCCEEDED', 'FAILED', 'CANCELLED'], true)
         ORDER BY last_run DESC
    LOOP
        least := GREATEST(above, COALESCE((SELECT id FROM unnest(ids) AS id ORDER BY id DESC OFFSET most - 1 LIMIT 1), above));
        EXIT WHEN place.last_run < least;
        FOR past IN EXECUTE
            'SELECT * FROM kept_run
              WHERE environment_id = $1 AND kept_on >= $2 AND kept_on < $2 + 7
                AND plan_id = $3 AND parent_run_id IS NULL AND id > $4 AND id < $5
                AND ($6 IS NULL OR state = ANY($6)) AND ($7 IS NULL OR cause = ANY($7))
                AND ($8 IS NULL OR queued_at >= $8) AND ($9 IS NULL OR queued_at < $9)
              ORDER BY id DESC LIMIT $10'
            USING place.environment_id, place.week, wanted, least, below, states, causes, since, until, most
        LOOP
            run := past.id; day := past.kept_on; state := past.state; cause := past.cause;
            queued_at := past.queued_at; ended_at := past.ended_at;
            RETURN NEXT;
            ids := ids || past.id;
        END LOOP;
    END LOOP;
END $_$;

COMMENT ON FUNCTION find_plan_runs(wanted bigint, above bigint, below bigint, states text[], causes text[], since timestamp with time zone, until timestamp with time zone, most bigint) IS 'The newest runs of a plan that were started by themselves are among these, as many as wanted, with ids between above and below; weeks that can hold none that is newer than those found are left alone. day: under which it is kept, NULL if it is live. The caller puts them in order.';

CREATE FUNCTION find_run(wanted bigint) RETURNS SETOF kept_run
    LANGUAGE plpgsql STABLE ROWS 1
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_run(wanted bigint) IS 'A run, live or kept; kept_on tells which.';

CREATE TABLE kept_step (
    environment_id bigint NOT NULL,
    kept_on date NOT NULL,
    run_id bigint CONSTRAINT step_run_run_id_not_null NOT NULL,
    step integer CONSTRAINT step_run_step_not_null NOT NULL,
    handler boolean CONSTRAINT step_run_handler_not_null NOT NULL,
    state text CONSTRAINT step_run_state_not_null NOT NULL,
    condition text CONSTRAINT step_run_condition_not_null NOT NULL,
    needed integer CONSTRAINT step_run_needed_not_null NOT NULL,
    pending integer CONSTRAINT step_run_pending_not_null NOT NULL,
    open integer CONSTRAINT step_run_open_not_null NOT NULL,
    succeeded integer CONSTRAINT step_run_succeeded_not_null NOT NULL,
    failed integer CONSTRAINT step_run_failed_not_null NOT NULL,
    cancelled integer CONSTRAINT step_run_cancelled_not_null NOT NULL,
    remaining integer CONSTRAINT step_run_remaining_not_null NOT NULL
)
PARTITION BY LIST (environment_id);

CREATE FUNCTION find_steps(wanted bigint) RETURNS SETOF kept_step
    LANGUAGE plpgsql STABLE ROWS 10
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_steps(wanted bigint) IS 'The steps of a plan run, live or kept.';

CREATE FUNCTION find_tree(wanted bigint) RETURNS SETOF kept_run
    LANGUAGE plpgsql STABLE
    AS $_$
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
END $_$;

COMMENT ON FUNCTION find_tree(wanted bigint) IS 'Every run of the tree that a run belongs to, but the outermost one.';

CREATE FUNCTION find_tree_log(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint) RETURNS SETOF kept_log
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    AS $_$
BEGIN
    IF day IS NULL THEN
        RETURN QUERY
            SELECT NULL::bigint, NULL::date, line.*
              FROM (SELECT run.id FROM run
                     WHERE (run.id = wanted OR run.root_run_id = wanted) AND run.workspace_id = ANY(workspaces)
                     ORDER BY run.id) AS member
             CROSS JOIN LATERAL (SELECT * FROM run_log WHERE run_id = member.id ORDER BY seq LIMIT most) AS line
             LIMIT most;
    ELSE
        RETURN QUERY EXECUTE
            'SELECT line.*
               FROM (SELECT id FROM kept_run
                      WHERE environment_id = $1 AND kept_on = $2 AND (id = $3 OR root_run_id = $3) AND workspace_id = ANY($4)
                      ORDER BY id) AS member
              CROSS JOIN LATERAL (SELECT * FROM kept_log
                                   WHERE environment_id = $1 AND kept_on = $2 AND run_id = member.id
                                   UNION ALL
                                  SELECT $1, $2, run_log.* FROM run_log WHERE run_id = member.id
                                   ORDER BY seq LIMIT $5) AS line
              LIMIT $5'
            USING environment, day, wanted, workspaces, most;
    END IF;
END $_$;

COMMENT ON FUNCTION find_tree_log(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint) IS 'What an outermost run and the runs below it have in their logs, run by run in the order they were made, until there are enough lines. What was written while they were being moved stayed behind and is read as well.';

CREATE FUNCTION find_wanted_runs(workspaces bigint[], before bigint, states text[], begin_at timestamp with time zone, end_at timestamp with time zone, types text[], called text, why text, asked_by text, words text, most bigint) RETURNS SETOF kept_run
    LANGUAGE plpgsql STABLE ROWS 50
    AS $_$
DECLARE
    below   bigint := COALESCE(before, 9223372036854775807);
    least   bigint := 0;
    who     bigint := CASE WHEN asked_by IS NOT NULL THEN COALESCE((SELECT id FROM app_user WHERE name = asked_by), 0) END;
    tasks   bigint[];
    plans   bigint[];
    named_tasks bigint[];
    named_plans bigint[];
    place   kept_week;
    found   kept_run[];
    known   bigint[] := '{}';
    matches text :=
        'SELECT array_agg(newest.found)
           FROM unnest($1) AS workspace (id)
          CROSS JOIN LATERAL (
                    SELECT %s AS found
                      FROM %s
                     WHERE %s
                       AND (workspace_id, run.id) > (workspace.id, $3) AND (workspace_id, run.id) < (workspace.id, $2)
                       AND parent_run_id IS NULL
                       AND ($4 IS NULL OR state = ANY($4))
                       AND ($5 IS NULL OR queued_at >= $5) AND ($6 IS NULL OR queued_at < $6)
                       AND ($7 IS NULL OR task_id = ANY($7) OR plan_id = ANY($8))
                       AND ($9 IS NULL OR cause = $9)
                       AND ($10 IS NULL OR requested_by = $10)
                       AND ($11 IS NULL OR task_id = ANY($12) OR plan_id = ANY($13)
                            OR strpos(in_small_letters(message), in_small_letters($11)) > 0)
                     ORDER BY workspace_id DESC, run.id DESC
                     LIMIT $14) AS newest';
BEGIN
    IF types IS NOT NULL OR called IS NOT NULL THEN
        tasks := ARRAY(SELECT id FROM task_ever WHERE (types IS NULL OR type = ANY(types)) AND (called IS NULL OR name = called));
        plans := ARRAY(SELECT id FROM plan_ever WHERE (types IS NULL OR 'plan' = ANY(types)) AND (called IS NULL OR name = called));
    END IF;
    IF words IS NOT NULL THEN
        named_tasks := ARRAY(SELECT id FROM task_ever WHERE strpos(in_small_letters(name), in_small_letters(words)) > 0);
        named_plans := ARRAY(SELECT id FROM plan_ever WHERE strpos(in_small_letters(name), in_small_letters(words)) > 0);
    END IF;
    EXECUTE format(matches, 'ROW(NULL::date, run.*)::kept_run', 'run', 'true')
       INTO found
      USING workspaces, below, least, states, begin_at, end_at, tasks, plans, why, who, words, named_tasks, named_plans, most;
    RETURN QUERY SELECT * FROM unnest(found);
    known := ARRAY(SELECT run.id FROM unnest(found) AS run ORDER BY run.id DESC LIMIT most);
    least := COALESCE(known[most], 0);
    FOR place IN
        SELECT *
          FROM kept_week
         WHERE environment_id IN (SELECT environment_id FROM workspace WHERE id = ANY(workspaces))
           AND first_run < below AND last_run > least
           AND COALESCE(states && ARRAY['SUCCEEDED', 'FAILED', 'CANCELLED'], true)
           AND (begin_at IS NULL OR (week + 8)::timestamp AT TIME ZONE 'UTC' > begin_at)
         ORDER BY last_run DESC
    LOOP
        EXIT WHEN place.last_run < least;
        EXECUTE format(matches, 'run', 'kept_run AS run', 'environment_id = $15 AND kept_on >= $16 AND kept_on < $16 + 7')
           INTO found
          USING workspaces, below, least, states, begin_at, end_at, tasks, plans, why, who, words, named_tasks, named_plans, most,
                place.environment_id, place.week;
        RETURN QUERY SELECT * FROM unnest(found);
        known := ARRAY(SELECT id FROM (SELECT unnest(known) AS id UNION ALL SELECT run.id FROM unnest(found) AS run) AS all_known
                        ORDER BY id DESC LIMIT most);
        least := COALESCE(known[most], 0);
    END LOOP;
END $_$;

COMMENT ON FUNCTION find_wanted_runs(workspaces bigint[], before bigint, states text[], begin_at timestamp with time zone, end_at timestamp with time zone, types text[], called text, why text, asked_by text, words text, most bigint) IS 'Runs started by themselves, live or kept, that match everything that is given (NULL: not given): the newest are among them, as many as wanted. From the newest week on, until no older one can hold a newer run; weeks that were over a day before begin_at are passed over. A type is one of tasks, or plan; words are looked for in names and messages. One text for both kinds, so that a filter means the same in history. Workspace and id are compared as a pair, as in find_old_runs.';

CREATE FUNCTION in_small_letters(said text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$SELECT lower($1 COLLATE pg_c_utf8)$_$;

COMMENT ON FUNCTION in_small_letters(said text) IS 'For comparing without regard to case, also beyond ASCII, whatever the locale of the database is.';

CREATE FUNCTION is_inside(child_of bigint, what_task bigint, what_plan bigint) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
WITH RECURSIVE above AS (
    SELECT run.parent_run_id, run.task_id, run.plan_id FROM run WHERE run.id = child_of
     UNION ALL
    SELECT run.parent_run_id, run.task_id, run.plan_id FROM above JOIN run ON run.id = above.parent_run_id
)
SELECT EXISTS (SELECT FROM above WHERE above.task_id = what_task OR above.plan_id = what_plan)
$$;

COMMENT ON FUNCTION is_inside(child_of bigint, what_task bigint, what_plan bigint) IS 'Whether a run around this one is of the same task or plan, as can be when an older version runs: it must not be waited for.';

CREATE TABLE data_trigger_success (
    source_id bigint NOT NULL,
    run_id bigint NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    newest_run bigint NOT NULL,
    fire bigint
);

COMMENT ON TABLE data_trigger_success IS 'Successes of sources, each written by the transaction that ends the run. A source may go in the same moment, so nothing refers to it.';

COMMENT ON COLUMN data_trigger_success.newest_run IS 'The newest of all runs at that time, committed or not: every newer one begins after the end of this one, whatever the clocks say.';

COMMENT ON COLUMN data_trigger_success.fire IS 'Which fire of the data trigger has used it; NULL: none yet.';

CREATE FUNCTION is_newer(success data_trigger_success, start_id bigint, started_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $_$
SELECT $2 IS NULL OR ($1.newest_run >= $2 AND ($3 IS NULL OR $1.ended_at > $3 - interval '1 second'))
$_$;

COMMENT ON FUNCTION is_newer(success data_trigger_success, start_id bigint, started_at timestamp with time zone) IS 'Whether a success may have come too late for the newest start: a run that was made after it was written down has seen it, and so has one that was made before and began later by more than the clocks of servers are apart.';

CREATE FUNCTION keep_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL THEN
        IF (to_jsonb(NEW) - 'seal' - 'digest') = (to_jsonb(OLD) - 'seal' - 'digest') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what was recorded is not changed';
END $$;

CREATE FUNCTION last_start(wanted_task bigint, wanted_plan bigint, begun boolean) RETURNS TABLE(run_id bigint, started_at timestamp with time zone)
    LANGUAGE sql STABLE ROWS 1
    AS $$
(SELECT run.id, run.started_at
   FROM run
  WHERE run.task_id >= wanted_task AND run.task_id <= wanted_task
    AND (run.started_at IS NOT NULL OR (NOT begun AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')))
  ORDER BY run.task_id, run.id DESC
  LIMIT 1)
 UNION ALL
(SELECT run.id, run.started_at
   FROM run
  WHERE run.plan_id >= wanted_plan AND run.plan_id <= wanted_plan
    AND (run.started_at IS NOT NULL OR (NOT begun AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')))
  ORDER BY run.plan_id, run.id DESC
  LIMIT 1)
$$;

COMMENT ON FUNCTION last_start(wanted_task bigint, wanted_plan bigint, begun boolean) IS 'The newest run of a task or plan that has begun, or, unless only those count, is about to; none: it is not in the live tables.';

CREATE FUNCTION last_success(wanted bigint) RETURNS TABLE(run_id bigint, started_at timestamp with time zone, ended_at timestamp with time zone, row_count bigint)
    LANGUAGE sql STABLE ROWS 1
    AS $$
SELECT success.run_id, success.started_at, success.ended_at, success.row_count
  FROM ((SELECT run.id AS run_id, run.started_at, run.ended_at, run.row_count
           FROM run
          WHERE run.task_id = wanted AND run.state = 'SUCCEEDED'
          ORDER BY run.ended_at DESC
          LIMIT 1)
         UNION ALL
        SELECT kept.run_id, kept.started_at, kept.ended_at, kept.row_count
          FROM task_success AS kept
         WHERE kept.task_id = wanted) AS success
 ORDER BY success.ended_at DESC
 LIMIT 1
$$;

COMMENT ON FUNCTION last_success(wanted bigint) IS 'The success of a task that ended last, whether its run is live, kept or dropped; none: it never succeeded.';

CREATE FUNCTION leads_to(of_task bigint, of_plan bigint, but bigint) RETURNS TABLE(task bigint, plan bigint)
    LANGUAGE sql STABLE
    AS $$
SELECT (ref ->> 'task')::bigint, (ref ->> 'plan')::bigint
  FROM (SELECT task.graph_id FROM task WHERE task.id = of_task
         UNION ALL
        SELECT plan.graph_id FROM plan WHERE plan.id = of_plan) AS runnable
  JOIN graph ON graph.id = runnable.graph_id
 CROSS JOIN LATERAL jsonb_array_elements(graph.body -> 'steps') AS step
 CROSS JOIN LATERAL jsonb_array_elements((step -> 'runs') || COALESCE(step -> 'on_failure', '[]')) AS ref
 UNION ALL
SELECT own.task_id, own.plan_id
  FROM data_trigger_source AS source
  JOIN data_trigger AS own ON own.id = source.trigger_id
 WHERE (source.task_id = of_task OR source.plan_id = of_plan) AND own.active AND own.id IS DISTINCT FROM but
$$;

COMMENT ON FUNCTION leads_to(of_task bigint, of_plan bigint, but bigint) IS 'What a start of a task or plan leads to at once: what it runs, and what active data triggers but one start after it.';

CREATE FUNCTION let_data_triggers_go() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM data_trigger WHERE CASE WHEN TG_TABLE_NAME = 'task_ever' THEN task_id ELSE plan_id END = NEW.id;
    RETURN NEW;
END $$;

COMMENT ON FUNCTION let_data_triggers_go() IS 'What is deleted is started no more.';

CREATE FUNCTION let_schedules_go() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    one      record := COALESCE(NEW, OLD);
    of_tasks boolean := TG_TABLE_NAME = 'task_ever';
BEGIN
    DELETE FROM schedule WHERE own AND CASE WHEN of_tasks THEN task_id ELSE plan_id END = one.id;
    UPDATE schedule_trigger
       SET planned_at = NULL, due_at = NULL
      FROM schedule
     WHERE schedule.id = schedule_trigger.schedule_id
       AND CASE WHEN of_tasks THEN schedule.task_id ELSE schedule.plan_id END = one.id;
    UPDATE schedule
       SET task_id = NULL, plan_id = NULL
     WHERE CASE WHEN of_tasks THEN task_id ELSE plan_id END = one.id;
    RETURN one;
END $$;

COMMENT ON FUNCTION let_schedules_go() IS 'A schedule whose task or plan is deleted or removed is bound to nothing; one that was only its own goes with it.';

CREATE FUNCTION let_webhook_trigger_go() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'task_ever' THEN
        DELETE FROM webhook_trigger WHERE task_id = NEW.id;
    ELSE
        DELETE FROM webhook_trigger WHERE plan_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;

COMMENT ON FUNCTION let_webhook_trigger_go() IS 'The address of a task or plan that is deleted starts nothing any more.';

CREATE FUNCTION live_runs(wanted bigint[]) RETURNS SETOF kept_run
    LANGUAGE sql STABLE ROWS 100
    AS $$
SELECT NULL::date, run.* FROM run WHERE run.id = ANY(wanted)
$$;

COMMENT ON FUNCTION live_runs(wanted bigint[]) IS 'These runs, as far as they are live, in the form in which run_seen takes them.';

CREATE FUNCTION make_week(environment bigint, monday date) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

COMMENT ON FUNCTION make_week(environment bigint, monday date) IS 'Makes the partitions of a week unless they are there, and keeps them from being dropped until the transaction ends. They are attached, not made in place, because that lets others read and write meanwhile.';

CREATE FUNCTION members_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM renew_access(ARRAY(SELECT user_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION note_steps(plans bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
DELETE FROM plan_part WHERE plan_id = ANY(plans);
DELETE FROM plan_order WHERE plan_id = ANY(plans);
WITH step AS MATERIALIZED (
    SELECT plan.id AS plan_id, (item.place - 1)::integer AS number, item.body
      FROM plan
      JOIN graph ON graph.id = plan.graph_id
     CROSS JOIN LATERAL jsonb_array_elements(graph.body -> 'steps') WITH ORDINALITY AS item (body, place)
     WHERE plan.id = ANY(plans)
), part AS MATERIALIZED (
    SELECT DISTINCT step.plan_id, step.number, (ref ->> 'task')::bigint AS task_id, (ref ->> 'plan')::bigint AS nested_plan_id
      FROM step
     CROSS JOIN LATERAL jsonb_array_elements(step.body -> 'runs') AS ref
), ordered AS (
    INSERT INTO plan_order (plan_id, step, after)
    SELECT DISTINCT step.plan_id, step.number, before::integer
      FROM step
     CROSS JOIN LATERAL jsonb_array_elements_text(step.body -> 'after') AS before
)
INSERT INTO plan_part (plan_id, step, task_id, nested_plan_id, once)
SELECT plan_id, number, task_id, nested_plan_id, count(*) OVER (PARTITION BY plan_id, task_id, nested_plan_id) = 1
  FROM part
$$;

COMMENT ON FUNCTION note_steps(plans bigint[]) IS 'Writes down anew what the steps of these plans run and which comes after which, as their graphs have it.';

CREATE FUNCTION remove_workspaces(gone bigint[]) RETURNS TABLE(digest bytea)
    LANGUAGE plpgsql
    AS $$
DECLARE
    plans bigint[] := ARRAY(SELECT id FROM plan_ever WHERE workspace_id = ANY(gone));
    tasks bigint[] := ARRAY(SELECT id FROM task_ever WHERE workspace_id = ANY(gone));
BEGIN
    RETURN QUERY
    SELECT version.digest
      FROM artifact_version AS version
      JOIN artifact ON artifact.id = version.artifact_id
     WHERE artifact.workspace_id = ANY(gone)
     UNION
    SELECT resource.digest FROM resource WHERE resource.workspace_id = ANY(gone);
    DELETE FROM plan_order WHERE plan_id = ANY(plans);
    DELETE FROM plan_part WHERE plan_id = ANY(plans);
    DELETE FROM plan_member WHERE plan_id = ANY(plans);
    DELETE FROM plan_version WHERE plan_id = ANY(plans);
    DELETE FROM plan_ever WHERE id = ANY(plans);
    DELETE FROM task_ever WHERE id = ANY(tasks);
    DELETE FROM task_last WHERE task_id = ANY(tasks);
    DELETE FROM plan_last WHERE plan_id = ANY(plans);
    DELETE FROM task_success WHERE task_id = ANY(tasks);
    DELETE FROM plan_success WHERE plan_id = ANY(plans);
    DELETE FROM artifact_version USING artifact
     WHERE artifact.id = artifact_version.artifact_id AND artifact.workspace_id = ANY(gone);
    DELETE FROM artifact WHERE workspace_id = ANY(gone);
    DELETE FROM resource WHERE workspace_id = ANY(gone);
    DELETE FROM connection WHERE workspace_id = ANY(gone);
    DELETE FROM workspace_grant USING workspace
     WHERE workspace.id = ANY(gone) AND workspace_grant.workspace_key = workspace.key
       AND (workspace_grant.environment_id = workspace.environment_id
            OR (workspace_grant.environment_id IS NULL
                AND NOT EXISTS (SELECT FROM workspace AS other WHERE other.key = workspace.key AND other.id <> ALL(gone))));
    DELETE FROM webhook USING workspace
     WHERE workspace.id = ANY(gone) AND webhook.workspace_key = workspace.key
       AND (webhook.environment_id = workspace.environment_id
            OR (webhook.environment_id IS NULL
                AND NOT EXISTS (SELECT FROM workspace AS other WHERE other.key = workspace.key AND other.id <> ALL(gone))));
    DELETE FROM workspace WHERE id = ANY(gone);
END $$;

COMMENT ON FUNCTION remove_workspaces(gone bigint[]) IS 'Removes workspaces with everything in them, and the rights and webhooks there: those for a key in every environment with the last workspace of that key. The digests of what they had in the object store. Whoever calls has looked whether something else needs them. What is told of their runs goes with them.';

CREATE FUNCTION renew_access(users bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7300000005);
    PERFORM pg_notify('ostinato', 'access');
    DELETE FROM subject_access WHERE user_id = ANY(users);
    INSERT INTO subject_access
    SELECT subject.user_id, subject.id, place.workspace_key, held.environment_id,
           CASE WHEN subject.scopes IS NULL THEN held.permissions
                ELSE ARRAY(SELECT unnest(held.permissions) INTERSECT SELECT unnest(subject.scopes))
           END
      FROM (SELECT app_user.id AS user_id, app_user.id, NULL::text[] AS scopes, NULL::text[] AS workspaces
              FROM app_user
             WHERE app_user.id = ANY(users) AND app_user.active
             UNION ALL
            SELECT app_user.id, credential.subject_id, credential.scopes, credential.workspaces
              FROM credential
              JOIN app_user ON app_user.id = credential.user_id AND app_user.active
             WHERE credential.user_id = ANY(users) AND credential.subject_id IS NOT NULL AND credential.deleted_at IS NULL) AS subject
      JOIN (SELECT user_role.user_id, NULL::text AS workspace_key, NULL::bigint AS environment_id, tenant_role.everywhere AS permissions
              FROM user_role
              JOIN tenant_role ON tenant_role.name = user_role.role
             WHERE user_role.user_id = ANY(users)
             UNION ALL
            SELECT workspace_grant.user_id, workspace_grant.workspace_key, workspace_grant.environment_id, workspace_grant.permissions
              FROM workspace_grant
             WHERE workspace_grant.user_id = ANY(users)
             UNION ALL
            SELECT group_member.user_id, workspace_grant.workspace_key, workspace_grant.environment_id, workspace_grant.permissions
              FROM group_member
              JOIN workspace_grant ON workspace_grant.group_id = group_member.group_id
             WHERE group_member.user_id = ANY(users)) AS held ON held.user_id = subject.user_id
     CROSS JOIN LATERAL (
               SELECT held.workspace_key
                WHERE subject.workspaces IS NULL
                UNION ALL
               SELECT key
                 FROM unnest(subject.workspaces) AS key
                WHERE held.workspace_key IS NULL OR held.workspace_key = key) AS place
     WHERE held.permissions <> '{}';
END $$;

COMMENT ON FUNCTION renew_access(users bigint[]) IS 'Works out anew what these users may do. One transaction at a time: two that change the rights of one user must not each overlook what the other does. Whoever will change rights takes the lock (users/lock) before anything else.';

CREATE FUNCTION run_seen(kept_run) RETURNS TABLE(run bigint, state text, reason text, message text, attempt integer, due_at timestamp with time zone, queued_at timestamp with time zone, started_at timestamp with time zone, ended_at timestamp with time zone, parent bigint, root bigint, step integer, handler boolean, row_count bigint, counts jsonb, cancel_requested_at timestamp with time zone, plan_version integer, graph bigint, workspace_id bigint, kind text, task_type text, number integer, name text, workspace text, environment text, priority integer, hold text, deadline_at timestamp with time zone, cause text, parameters jsonb, rerun_of bigint)
    LANGUAGE sql STABLE ROWS 1
    AS $_$
SELECT $1.id, $1.state, $1.reason, $1.message, $1.attempt, $1.due_at, $1.queued_at, $1.started_at, $1.ended_at,
       $1.parent_run_id, $1.root_run_id, $1.step, $1.handler, $1.row_count, $1.counts, $1.cancel_requested_at,
       $1.plan_version, $1.graph_id, $1.workspace_id, runnable.kind, runnable.type, runnable.number, runnable.name,
       workspace.key, environment.name, $1.priority, $1.hold, $1.deadline_at, $1.cause, $1.parameters, $1.rerun_of
  FROM workspace
  JOIN environment ON environment.id = $1.environment_id
  JOIN (SELECT 'task' AS kind, id, type, number, name FROM task_ever
         UNION ALL
        SELECT 'plan', id, NULL, number, name FROM plan_ever) AS runnable
    ON runnable.kind = CASE WHEN $1.plan_id IS NULL THEN 'task' ELSE 'plan' END
   AND runnable.id = COALESCE($1.task_id, $1.plan_id)
 WHERE workspace.id = $1.workspace_id
$_$;

COMMENT ON FUNCTION run_seen(kept_run) IS 'A run as it is shown, with the names of what it ran and where; whoever selects from it checks the viewer. It has no outer join, so that it becomes a part of the statement around it.';

CREATE FUNCTION seal_audit(most bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    one     audit;
    newest  audit;
    ids     bigint[];
    digests bytea[];
BEGIN
    PERFORM pg_advisory_xact_lock(7300000004);
    SELECT * INTO newest FROM audit WHERE seal IS NOT NULL ORDER BY seal DESC LIMIT 1;
    newest.seal := COALESCE(newest.seal, 0);
    FOR one IN SELECT * FROM audit WHERE seal IS NULL ORDER BY id LIMIT most LOOP
        ids := ids || one.id;
        one.seal := newest.seal + cardinality(ids);
        newest.digest := sha256(COALESCE(newest.digest, '') || convert_to(audit_text(one), 'UTF8'));
        digests := digests || newest.digest;
    END LOOP;
    UPDATE audit
       SET seal = newest.seal + chained.place, digest = chained.digest
      FROM unnest(ids, digests) WITH ORDINALITY AS chained (id, digest, place)
     WHERE audit.id = chained.id;
    RETURN COALESCE(cardinality(ids), 0);
END $$;

COMMENT ON FUNCTION seal_audit(most bigint) IS 'Chains the records whose transactions have ended, at most so many; how many there were.';

CREATE FUNCTION stop_backfills() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE backfill
       SET stopped = 'deleted', stopped_at = NEW.deleted_at, waiting = NULL, ended_at = CASE WHEN live = 0 THEN NEW.deleted_at END
     WHERE ended_at IS NULL AND stopped IS NULL
       AND CASE WHEN TG_TABLE_NAME = 'task_ever' THEN task_id ELSE plan_id END = NEW.id;
    RETURN NEW;
END $$;

COMMENT ON FUNCTION stop_backfills() IS 'Of a task or plan that is deleted, backfills start nothing any more.';

CREATE FUNCTION task_standing(tasks bigint[]) RETURNS TABLE(task_id bigint, standing text, started_at timestamp with time zone, ended_at timestamp with time zone, last_started_at timestamp with time zone, last_ended_at timestamp with time zone)
    LANGUAGE sql STABLE ROWS 100
    AS $$
WITH stood AS MATERIALIZED (
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
      FROM unnest(tasks) AS wanted (id)
      JOIN task ON task.id = wanted.id
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
                LIMIT 1) AS last ON true
), dependent AS MATERIALIZED (
    SELECT stood.task_id, COALESCE(stood.last_started_at, stood.last_ended_at) AS began_at, later.plan_id, later.after
      FROM stood
      JOIN plan_part AS part ON part.task_id = stood.task_id
      JOIN plan_order AS later ON later.plan_id = part.plan_id AND later.step = part.step
     WHERE stood.standing = 'succeeded'
), earlier AS MATERIALIZED (
    SELECT part.plan_id, part.step, part.task_id, part.nested_plan_id, step.since
      FROM (SELECT plan_id, after, min(began_at) AS since FROM dependent GROUP BY plan_id, after) AS step
      JOIN plan_part AS part ON part.plan_id = step.plan_id AND part.step = step.after AND part.once
), newest AS MATERIALIZED (
    SELECT success.plan_id, success.step, max(success.ended_at) AS ended_at
      FROM (SELECT earlier.plan_id, earlier.step, live.ended_at
              FROM earlier
             CROSS JOIN LATERAL (
                       SELECT run.ended_at
                         FROM run
                        WHERE run.task_id = earlier.task_id AND run.state = 'SUCCEEDED' AND run.ended_at > earlier.since
                        ORDER BY run.ended_at DESC
                        LIMIT 1) AS live
             UNION ALL
            SELECT earlier.plan_id, earlier.step, kept.ended_at
              FROM earlier
              JOIN task_success AS kept ON kept.task_id = earlier.task_id AND kept.ended_at > earlier.since
             UNION ALL
            SELECT earlier.plan_id, earlier.step, live.ended_at
              FROM earlier
             CROSS JOIN LATERAL (
                       SELECT run.ended_at
                         FROM run
                        WHERE run.plan_id = earlier.nested_plan_id AND run.state = 'SUCCEEDED' AND run.ended_at > earlier.since
                        ORDER BY run.ended_at DESC
                        LIMIT 1) AS live
             WHERE earlier.nested_plan_id IS NOT NULL
             UNION ALL
            SELECT earlier.plan_id, earlier.step, kept.ended_at
              FROM earlier
              JOIN plan_success AS kept ON kept.plan_id = earlier.nested_plan_id AND kept.ended_at > earlier.since) AS success
     GROUP BY success.plan_id, success.step
), behind AS MATERIALIZED (
    SELECT DISTINCT dependent.task_id
      FROM dependent
      JOIN newest ON newest.plan_id = dependent.plan_id AND newest.step = dependent.after
     WHERE newest.ended_at > dependent.began_at
)
SELECT stood.task_id, CASE WHEN behind.task_id IS NULL THEN stood.standing ELSE 'outdated' END,
       stood.started_at, stood.ended_at, stood.last_started_at, stood.last_ended_at
  FROM stood
  LEFT JOIN behind ON behind.task_id = stood.task_id
$$;

COMMENT ON FUNCTION task_standing(tasks bigint[]) IS 'How tasks stand: a live run goes before the ended one. Outdated: never run; or changed since the last success began; or something in a step right before its own, in a plan it is in, succeeded since then. Each such step is looked at once, however many of the tasks come after it.';

CREATE FUNCTION tell_of_keys() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('ostinato', 'access');
    RETURN NULL;
END $$;

COMMENT ON FUNCTION tell_of_keys() IS 'Servers forget what they know of keys when one is taken back.';

CREATE TABLE run (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    plan_version integer,
    graph_id bigint,
    parent_run_id bigint,
    root_run_id bigint,
    step integer,
    handler boolean DEFAULT false NOT NULL,
    state text NOT NULL,
    reason text,
    message text,
    due_at timestamp with time zone NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    lease bigint,
    session_id bigint,
    cancel_requested_at timestamp with time zone,
    active_steps integer DEFAULT 0 NOT NULL,
    failed_steps integer DEFAULT 0 NOT NULL,
    row_count bigint,
    counts jsonb,
    queued_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    cause text NOT NULL,
    requested_by bigint,
    priority integer DEFAULT 0 NOT NULL,
    hold text,
    alone boolean DEFAULT false NOT NULL,
    pool_id bigint,
    pool_slot integer,
    deadline_at timestamp with time zone,
    cancel_reason text,
    ended_lease bigint,
    given_back integer DEFAULT 0 NOT NULL,
    parameters jsonb,
    rerun_of bigint,
    rerun_part text,
    rerun_step text,
    CONSTRAINT run_cancel_reason_check CHECK ((cancel_reason = ANY (ARRAY['cancel_requested'::text, 'timeout'::text]))),
    CONSTRAINT run_cause_check CHECK ((cause = ANY (ARRAY['api'::text, 'manual'::text, 'plan'::text, 'schedule'::text, 'webhook'::text, 'data'::text, 'backfill'::text]))),
    CONSTRAINT run_check CHECK ((num_nonnulls(task_id, plan_id) = 1)),
    CONSTRAINT run_check1 CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))),
    CONSTRAINT run_check2 CHECK (((lease IS NOT NULL) = ((graph_id IS NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text]))))),
    CONSTRAINT run_check3 CHECK (((parent_run_id IS NULL) = (step IS NULL))),
    CONSTRAINT run_check4 CHECK (((hold IS NULL) OR (state = 'QUEUED'::text))),
    CONSTRAINT run_check5 CHECK (((pool_slot IS NULL) OR (pool_id IS NOT NULL))),
    CONSTRAINT run_check6 CHECK (((cancel_reason IS NULL) = (cancel_requested_at IS NULL))),
    CONSTRAINT run_hold_check CHECK ((hold = ANY (ARRAY['due'::text, 'task'::text, 'plan'::text, 'pool'::text, 'paused'::text]))),
    CONSTRAINT run_reason_check CHECK ((reason = ANY (ARRAY['error'::text, 'check_failed'::text, 'exit_code'::text, 'timeout'::text, 'lost'::text, 'shutdown'::text, 'step_failed'::text, 'cancel_requested'::text, 'invalid'::text, 'misfired'::text]))),
    CONSTRAINT run_rerun_part_check CHECK ((rerun_part = ANY (ARRAY['all'::text, 'from_step'::text, 'failed'::text]))),
    CONSTRAINT run_state_check CHECK ((state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
);

COMMENT ON COLUMN run.graph_id IS 'The steps of a plan or composite task; NULL for work that a worker does.';

COMMENT ON COLUMN run.lease IS 'Fencing token of the attempt at work; whoever reports with another one changes nothing.';

COMMENT ON COLUMN run.hold IS 'What a queued run waits for; NULL: it is ready, a free worker slot takes it.';

COMMENT ON COLUMN run.alone IS 'At work, and no other run of the same task or plan may be.';

COMMENT ON COLUMN run.pool_slot IS 'The slot of the pool that a run at work holds: free again with the statement that ends the attempt.';

COMMENT ON COLUMN run.ended_lease IS 'The lease of the attempt that ended last: tells a report that came twice from one that came too late.';

COMMENT ON COLUMN run.given_back IS 'How often an attempt was given back and is not counted; attempt + given_back grows with every lease.';

COMMENT ON COLUMN run.parameters IS 'Values from the trigger and the plans around it; NULL: none.';

CREATE FUNCTION untold(run) RETURNS TABLE(webhook bigint, run bigint, event text, at timestamp with time zone)
    LANGUAGE sql STABLE ROWS 1
    AS $_$
SELECT place.webhook_id, $1.id, happened.event, happened.at
  FROM webhook_place AS place
 CROSS JOIN LATERAL (
           SELECT 'run.started' AS event, $1.started_at AS at
            WHERE $1.parent_run_id IS NULL AND $1.state <> 'QUEUED' AND $1.started_at IS NOT NULL
            UNION ALL
           SELECT CASE WHEN $1.reason = 'misfired' THEN 'run.misfired'
                       WHEN $1.state = 'SUCCEEDED' THEN 'run.succeeded'
                       WHEN $1.state = 'FAILED' THEN 'run.failed'
                       ELSE 'run.cancelled' END, $1.ended_at
            WHERE $1.ended_at IS NOT NULL) AS happened
 WHERE place.workspace_id = $1.workspace_id
   AND happened.event = ANY(place.events)
   AND happened.at >= place.since
   AND ($1.parent_run_id IS NULL OR (place.tasks AND $1.task_id IS NOT NULL))
   AND (place.names IS NULL
        OR COALESCE((SELECT task.name FROM task_ever AS task WHERE task.id = $1.task_id), (SELECT plan.name FROM plan_ever AS plan WHERE plan.id = $1.plan_id))
           = ANY(place.names))
   AND NOT EXISTS (SELECT
                     FROM webhook_delivery AS told
                    WHERE told.run_id = $1.id AND told.event = happened.event AND told.webhook_id + 0 = place.webhook_id
                   OFFSET 0)
$_$;

COMMENT ON FUNCTION untold(run) IS 'What happened to a run, and has to be told to whom, and is not in the queue yet. A misfire is its own event and not a failure as well. OFFSET 0 and + 0 keep the planner from reading the whole queue of a webhook, as it would while the table is new, instead of asking for one run.';

CREATE TABLE app_user (
    id bigint NOT NULL,
    name text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    kind text DEFAULT 'person'::text NOT NULL,
    full_name text,
    email text,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    password_hash text,
    issuer text,
    external_id text,
    signed_in_at timestamp with time zone,
    CONSTRAINT app_user_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'service_account'::text]))),
    CONSTRAINT app_user_name_check CHECK ((name <> ''::text)),
    CONSTRAINT app_user_roles_check CHECK ((roles <@ ARRAY['ADMINISTRATOR'::text, 'SECURITY_ADMINISTRATOR'::text, 'ENVIRONMENT_MANAGER'::text, 'OPERATOR'::text, 'AUDITOR'::text]))
);

COMMENT ON COLUMN app_user.password_hash IS 'argon2id with its own salt and cost.';

COMMENT ON COLUMN app_user.external_id IS 'The subject under which the OpenID provider of this issuer knows the user.';

ALTER TABLE app_user ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME app_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE artifact (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT artifact_name_check CHECK ((name <> ''::text)),
    CONSTRAINT artifact_type_check CHECK ((type = ANY (ARRAY['python'::text, 'command'::text, 'sql'::text, 'talend_job'::text])))
);

COMMENT ON TABLE artifact IS 'Work that comes packed in a zip; all its versions are of one type.';

ALTER TABLE artifact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME artifact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE artifact_version (
    id bigint NOT NULL,
    artifact_id bigint NOT NULL,
    version text NOT NULL,
    digest bytea NOT NULL,
    size bigint NOT NULL,
    entry jsonb NOT NULL,
    parameters jsonb DEFAULT '[]'::jsonb NOT NULL,
    description text,
    published_by bigint NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT artifact_version_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT artifact_version_size_check CHECK ((size > 0)),
    CONSTRAINT artifact_version_version_check CHECK (((version <> ''::text) AND (version <> 'latest'::text)))
);

COMMENT ON TABLE artifact_version IS 'Immutable; of two versions the one with the higher id was published later.';

COMMENT ON COLUMN artifact_version.digest IS 'SHA-256 of the zip, under which the object store has it once, however many versions have it.';

COMMENT ON COLUMN artifact_version.parameters IS 'What it declares, in its own order: name, type, default, required, comment.';

ALTER TABLE artifact_version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME artifact_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE backfill (
    id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    description text,
    begin_at timestamp with time zone NOT NULL,
    end_at timestamp with time zone NOT NULL,
    triggers jsonb NOT NULL,
    newest_first boolean NOT NULL,
    concurrency integer NOT NULL,
    version integer,
    graph_id bigint,
    parameters jsonb NOT NULL,
    priority integer,
    stop_on_failure boolean NOT NULL,
    owner_id bigint NOT NULL,
    key text,
    created_at timestamp with time zone NOT NULL,
    total integer NOT NULL,
    live integer DEFAULT 0 NOT NULL,
    succeeded integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    waiting text,
    stopped text,
    stopped_at timestamp with time zone,
    stopped_by text,
    ended_at timestamp with time zone,
    CONSTRAINT backfill_check CHECK ((num_nonnulls(task_id, plan_id) = 1)),
    CONSTRAINT backfill_check1 CHECK ((begin_at < end_at)),
    CONSTRAINT backfill_check2 CHECK ((num_nonnulls(version, graph_id) = ANY (ARRAY[0, 2]))),
    CONSTRAINT backfill_check3 CHECK (((live >= 0) AND (live <= concurrency))),
    CONSTRAINT backfill_check4 CHECK (((((live + succeeded) + failed) + cancelled) <= total)),
    CONSTRAINT backfill_check5 CHECK (((stopped IS NULL) = (stopped_at IS NULL))),
    CONSTRAINT backfill_check6 CHECK (((ended_at IS NULL) OR (live = 0))),
    CONSTRAINT backfill_concurrency_check CHECK (((concurrency >= 1) AND (concurrency <= 100))),
    CONSTRAINT backfill_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT backfill_stopped_check CHECK ((stopped = ANY (ARRAY['cancelled'::text, 'failed'::text, 'deleted'::text]))),
    CONSTRAINT backfill_total_check CHECK (((total >= 1) AND (total <= 10000)))
);

COMMENT ON TABLE backfill IS 'A task or plan that runs once for each past time of a window; it goes with its workspace.';

COMMENT ON COLUMN backfill.end_at IS 'Where the window ends; not in it.';

COMMENT ON COLUMN backfill.triggers IS 'What its times were worked out from: triggers as JSON, with their names in the schedule if they have one.';

COMMENT ON COLUMN backfill.concurrency IS 'How many of its runs may be live at once.';

COMMENT ON COLUMN backfill.version IS 'The version of the plan that every run has; NULL: the one that is current when the run starts.';

COMMENT ON COLUMN backfill.owner_id IS 'On whose behalf runs are started: whoever made it.';

COMMENT ON COLUMN backfill.key IS 'Under which whoever made it makes nothing a second time.';

COMMENT ON COLUMN backfill.live IS 'How many of its runs are not known to have ended; raised by whoever starts one, if there is room.';

COMMENT ON COLUMN backfill.due_at IS 'Nothing is tried before: later than now after a start was refused.';

COMMENT ON COLUMN backfill.waiting IS 'Why the last start was refused; NULL: it was not.';

COMMENT ON COLUMN backfill.stopped IS 'Why what has not started never starts; NULL: it does.';

COMMENT ON COLUMN backfill.ended_at IS 'Nothing is live any more and nothing is to start.';

CREATE TABLE backfill_fire (
    backfill_id bigint NOT NULL,
    place integer NOT NULL,
    at timestamp with time zone NOT NULL,
    taken boolean DEFAULT false NOT NULL,
    run_id bigint,
    state text,
    CONSTRAINT backfill_fire_check CHECK ((taken OR (run_id IS NULL))),
    CONSTRAINT backfill_fire_check1 CHECK (((run_id IS NOT NULL) OR (state IS NULL))),
    CONSTRAINT backfill_fire_state_check CHECK ((state = ANY (ARRAY['SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
);

COMMENT ON TABLE backfill_fire IS 'One time of a backfill. It is taken, and told which run it started, in the transaction that starts the run.';

COMMENT ON COLUMN backfill_fire.place IS 'Which of its times it is, in the order in which they start; counted from 1.';

COMMENT ON COLUMN backfill_fire.state IS 'How its run ended; NULL: it has not, or that is not counted yet.';

ALTER TABLE backfill ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME backfill_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE connection (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    description text,
    config json NOT NULL,
    secrets jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT connection_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN connection.config IS 'json and not jsonb: what people wrote comes back in the order they wrote it.';

COMMENT ON COLUMN connection.secrets IS 'Field name to ciphertext; the key is never in this database.';

ALTER TABLE connection ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME connection_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE credential (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    deleted_at timestamp with time zone,
    expires_at timestamp with time zone,
    scopes text[],
    workspaces text[],
    subject_id bigint,
    issued_by bigint,
    last_address text,
    CONSTRAINT credential_check CHECK (((subject_id IS NULL) = ((scopes IS NULL) AND (workspaces IS NULL)))),
    CONSTRAINT credential_description_check CHECK ((length(description) <= 100)),
    CONSTRAINT credential_kind_check CHECK ((kind = ANY (ARRAY['api_key'::text, 'local'::text, 'token'::text, 'client'::text, 'access_token'::text, 'session'::text]))),
    CONSTRAINT credential_scopes_check CHECK ((scopes <@ ARRAY['VIEW'::text, 'EXECUTE'::text, 'AUTHOR'::text, 'PUBLISH'::text, 'MANAGE'::text, 'PEOPLE'::text, 'ENVIRONMENTS'::text, 'AUDIT'::text]))
);

COMMENT ON COLUMN credential.scopes IS 'What it is limited to; NULL: it may whatever its owner may.';

COMMENT ON COLUMN credential.workspaces IS 'The keys of the workspaces it is limited to; NULL: all.';

COMMENT ON COLUMN credential.subject_id IS 'One that may less than its owner has rights of its own, under a number from the series of the users.';

COMMENT ON COLUMN credential.issued_by IS 'The client whose secret was exchanged for this access token; it works no longer than the client.';

ALTER TABLE credential ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME credential_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE credential_secret (
    digest bytea NOT NULL,
    credential_id bigint NOT NULL,
    prefix text NOT NULL,
    suffix text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone
);

COMMENT ON TABLE credential_secret IS 'Digests of what opens a credential: one, or two while it is being rotated.';

COMMENT ON COLUMN credential_secret.expires_at IS 'When the older of two stops working.';

CREATE TABLE data_trigger (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    condition text NOT NULL,
    active boolean NOT NULL,
    owner_id bigint NOT NULL,
    sources integer DEFAULT 0 NOT NULL,
    fires bigint DEFAULT 0 NOT NULL,
    fired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT data_trigger_check CHECK ((num_nonnulls(task_id, plan_id) = 1)),
    CONSTRAINT data_trigger_check1 CHECK (((fired_at IS NULL) = (fires = 0))),
    CONSTRAINT data_trigger_condition_check CHECK ((condition = ANY (ARRAY['all'::text, 'any'::text]))),
    CONSTRAINT data_trigger_fires_check CHECK ((fires >= 0))
);

COMMENT ON TABLE data_trigger IS 'A task or plan that starts when all or any of its sources have succeeded since its last start.';

COMMENT ON COLUMN data_trigger.owner_id IS 'On whose behalf runs are started: whoever saved it last.';

COMMENT ON COLUMN data_trigger.sources IS 'How many there are, counted as they come and go.';

COMMENT ON COLUMN data_trigger.fires IS 'How often it has fired. Whoever fires it counts on, if the number is still the one they saw.';

ALTER TABLE data_trigger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME data_trigger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE data_trigger_source (
    id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    "position" integer NOT NULL,
    CONSTRAINT data_trigger_source_check CHECK ((num_nonnulls(task_id, plan_id) = 1))
);

COMMENT ON TABLE data_trigger_source IS 'What a data trigger waits for. Of a deleted task or plan it stays, and waits in vain.';

ALTER TABLE data_trigger_source ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME data_trigger_source_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE environment (
    id bigint NOT NULL,
    name text NOT NULL,
    stage text,
    description text,
    created_at timestamp with time zone NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    keep_runs_days integer,
    keep_logs_days integer,
    keep_findings_days integer,
    max_cloud_engines integer DEFAULT 0 NOT NULL,
    CONSTRAINT environment_keep_findings_days_check CHECK ((keep_findings_days > 0)),
    CONSTRAINT environment_keep_logs_days_check CHECK ((keep_logs_days > 0)),
    CONSTRAINT environment_keep_runs_days_check CHECK ((keep_runs_days > 0)),
    CONSTRAINT environment_max_cloud_engines_check CHECK ((max_cloud_engines >= 0)),
    CONSTRAINT environment_name_check CHECK ((name <> ''::text)),
    CONSTRAINT environment_stage_check CHECK ((stage = ANY (ARRAY['production'::text, 'test'::text, 'development'::text])))
);

COMMENT ON COLUMN environment.stage IS 'Which of the three stages known to other tools this environment is; none for others.';

COMMENT ON COLUMN environment.parameters IS 'Name to value: what tasks of this environment get for the parameters they declare.';

COMMENT ON COLUMN environment.keep_runs_days IS 'How long ended runs are kept; NULL for ever. Logs and findings may be kept for less.';

COMMENT ON COLUMN environment.max_cloud_engines IS 'Kept and given back; 0: no bound.';

CREATE VIEW environment_described AS
 SELECT id,
    name,
    description,
    stage,
    max_cloud_engines,
    (id = ( SELECT min(first.id) AS min
           FROM environment first)) AS is_default
   FROM environment;

COMMENT ON VIEW environment_described IS 'The environment that was made first is the default one.';

ALTER TABLE environment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME environment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE finding (
    run_id bigint NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    "row" json NOT NULL
);

CREATE TABLE graph (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    body jsonb NOT NULL
);

COMMENT ON TABLE graph IS 'Immutable step graphs; versions of plans and runs point here, so a running plan cannot change.';

ALTER TABLE graph ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME graph_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE group_member (
    group_id bigint NOT NULL,
    user_id bigint NOT NULL,
    by_claim boolean DEFAULT false NOT NULL
);

CREATE TABLE holiday_list (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    name text NOT NULL,
    days jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT holiday_list_name_check CHECK ((name <> ''::text))
);

COMMENT ON TABLE holiday_list IS 'Days, with names, that the calendars of triggers in an environment leave out or move.';

ALTER TABLE holiday_list ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME holiday_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE installation (
    number bigint NOT NULL
);

COMMENT ON TABLE installation IS 'A random number, made once: guids that are given out hold it.';

CREATE TABLE kept_week (
    environment_id bigint NOT NULL,
    week date NOT NULL,
    first_on date,
    first_run bigint,
    last_run bigint,
    logs boolean DEFAULT true NOT NULL,
    findings boolean DEFAULT true NOT NULL,
    CONSTRAINT kept_week_week_check CHECK ((EXTRACT(isodow FROM week) = (1)::numeric))
);

COMMENT ON TABLE kept_week IS 'The weeks for which there are partitions, with the earliest day and the range of run ids in each.';

COMMENT ON COLUMN kept_week.logs IS 'Whether the logs of this week are still there.';

CREATE SEQUENCE lease_token
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE migration (
    number integer NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE number_series (
    name text NOT NULL,
    last integer NOT NULL
);

COMMENT ON TABLE number_series IS 'Hands out the small integers by which tasks (one series per type) and plans are known outside.';

CREATE TABLE pending_sign_in (
    state_digest bytea NOT NULL,
    browser_digest bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE pending_sign_in IS 'Sign-ins that a provider has been asked for; each is answered once, by the browser that began it.';

COMMENT ON COLUMN pending_sign_in.verifier IS 'What proves to the provider that the code is ours (RFC 7636).';

CREATE TABLE plan_ever (
    id bigint CONSTRAINT plan_id_not_null NOT NULL,
    environment_id bigint CONSTRAINT plan_environment_id_not_null NOT NULL,
    workspace_id bigint CONSTRAINT plan_workspace_id_not_null NOT NULL,
    number integer CONSTRAINT plan_number_not_null NOT NULL,
    name text CONSTRAINT plan_name_not_null NOT NULL,
    description text,
    version integer CONSTRAINT plan_version_not_null NOT NULL,
    graph_id bigint CONSTRAINT plan_graph_id_not_null NOT NULL,
    overlap text DEFAULT 'forbid'::text CONSTRAINT plan_overlap_not_null NOT NULL,
    disabled boolean DEFAULT false CONSTRAINT plan_disabled_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT plan_created_at_not_null NOT NULL,
    changed_at timestamp with time zone CONSTRAINT plan_changed_at_not_null NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb CONSTRAINT plan_parameters_not_null NOT NULL,
    run_timeout_s double precision,
    retries jsonb DEFAULT '{}'::jsonb CONSTRAINT plan_retries_not_null NOT NULL,
    priority integer DEFAULT 0 CONSTRAINT plan_priority_not_null NOT NULL,
    paused_at timestamp with time zone,
    paused_by text,
    pause_note text,
    deleted_at timestamp with time zone,
    is_there boolean GENERATED ALWAYS AS ((deleted_at IS NULL)) STORED,
    CONSTRAINT plan_name_check CHECK ((name <> ''::text)),
    CONSTRAINT plan_overlap_check CHECK ((overlap = ANY (ARRAY['forbid'::text, 'parallel'::text, 'queue'::text]))),
    CONSTRAINT plan_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT plan_run_timeout_s_check CHECK ((run_timeout_s > (0)::double precision))
);

CREATE VIEW plan AS
 SELECT id,
    environment_id,
    workspace_id,
    number,
    name,
    description,
    version,
    graph_id,
    overlap,
    disabled,
    created_at,
    changed_at,
    parameters,
    run_timeout_s,
    retries,
    priority,
    paused_at,
    paused_by,
    pause_note,
    deleted_at,
    is_there
   FROM plan_ever
  WHERE is_there;

COMMENT ON VIEW plan IS 'The plans there are; what tells of runs takes plan_ever.';

ALTER TABLE plan_ever ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plan_last (
    plan_id bigint NOT NULL,
    run_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE plan_last IS 'The newest run of each plan that had started and went into history.';

CREATE TABLE plan_member (
    plan_id bigint NOT NULL,
    task_id bigint NOT NULL,
    "position" integer NOT NULL
);

COMMENT ON TABLE plan_member IS 'The tasks of the current version of each plan, in the order of its steps.';

CREATE TABLE plan_order (
    plan_id bigint NOT NULL,
    step integer NOT NULL,
    after integer NOT NULL
);

COMMENT ON TABLE plan_order IS 'Which step comes right after which, in the current version of each plan.';

CREATE TABLE plan_part (
    plan_id bigint NOT NULL,
    step integer NOT NULL,
    task_id bigint,
    nested_plan_id bigint,
    once boolean NOT NULL,
    CONSTRAINT plan_part_check CHECK ((num_nonnulls(task_id, nested_plan_id) = 1))
);

COMMENT ON TABLE plan_part IS 'What each step of the current version of a plan runs; without what handles its failure.';

COMMENT ON COLUMN plan_part.once IS 'Whether no other step of the plan runs it: otherwise its success tells nothing about this step.';

CREATE TABLE plan_success (
    plan_id bigint NOT NULL,
    run_id bigint NOT NULL,
    ended_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE plan_success IS 'The same of each plan.';

CREATE TABLE plan_version (
    plan_id bigint NOT NULL,
    version integer NOT NULL,
    graph_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by bigint
);

CREATE TABLE pool (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    name text NOT NULL,
    description text,
    slots integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT pool_name_check CHECK ((name <> ''::text)),
    CONSTRAINT pool_slots_check CHECK ((slots >= 0))
);

COMMENT ON TABLE pool IS 'How many attempts of the tasks that name it may be at work at once, whatever plans they are in.';

ALTER TABLE pool ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pool_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE project (
    id bigint NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    description text,
    url text NOT NULL,
    owner_id bigint NOT NULL,
    author_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT project_name_check CHECK ((name <> ''::text))
);

COMMENT ON TABLE project IS 'Where the sources of artifacts are kept, and who may work on them.';

COMMENT ON COLUMN project.label IS 'The name as tools need it: capital letters, digits and _.';

CREATE TABLE project_group (
    project_id bigint NOT NULL,
    group_id bigint NOT NULL
);

ALTER TABLE project ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE project_user (
    project_id bigint NOT NULL,
    user_id bigint NOT NULL
);

CREATE TABLE promotion (
    id bigint NOT NULL,
    source_id bigint NOT NULL,
    target_id bigint NOT NULL,
    description text,
    created_by bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT promotion_check CHECK ((source_id <> target_id))
);

COMMENT ON TABLE promotion IS 'A way on which definitions go from one environment to another.';

ALTER TABLE promotion ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME promotion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE promotion_user (
    promotion_id bigint NOT NULL,
    user_id bigint NOT NULL
);

COMMENT ON TABLE promotion_user IS 'Users and service accounts that may carry it out.';

CREATE TABLE resource (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL,
    description text,
    is_file boolean NOT NULL,
    file_name text,
    digest bytea NOT NULL,
    size bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT resource_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT resource_name_check CHECK ((name <> ''::text)),
    CONSTRAINT resource_size_check CHECK ((size >= 0))
);

COMMENT ON TABLE resource IS 'A file, or a folder that comes as a zip, for tasks that name it.';

COMMENT ON COLUMN resource.digest IS 'SHA-256 of the content, under which the object store has it.';

ALTER TABLE resource ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME resource_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE run_artifact (
    run_id bigint NOT NULL,
    version_id bigint NOT NULL
);

COMMENT ON TABLE run_artifact IS 'The version that a run began with: further attempts have the same, and it is not deleted meanwhile. Forgotten soon after the run.';

ALTER TABLE run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE run_log (
    run_id bigint NOT NULL,
    seq bigint NOT NULL,
    attempt integer NOT NULL,
    at timestamp with time zone NOT NULL,
    line text NOT NULL
);

COMMENT ON COLUMN run_log.seq IS 'Grows within a run: how many leases it has had times 1,000,000,000, plus four times the number of the line.';

CREATE TABLE schedule (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    description text,
    task_id bigint,
    plan_id bigint,
    own boolean DEFAULT false NOT NULL,
    owner_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT schedule_check CHECK ((num_nonnulls(task_id, plan_id) <= 1)),
    CONSTRAINT schedule_check1 CHECK (((NOT own) OR (num_nonnulls(task_id, plan_id) = 1)))
);

COMMENT ON TABLE schedule IS 'Up to 15 triggers, and the task or plan that they start; one that is bound to nothing starts nothing.';

COMMENT ON COLUMN schedule.own IS 'Belongs to its task or plan alone: made with it, not listed among the schedules, gone with it.';

COMMENT ON COLUMN schedule.owner_id IS 'On whose behalf runs are started: whoever changed it last.';

ALTER TABLE schedule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE schedule_trigger (
    id bigint NOT NULL,
    schedule_id bigint NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    missed text NOT NULL,
    most_missed integer NOT NULL,
    grace_s integer NOT NULL,
    planned_at timestamp with time zone,
    due_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT schedule_trigger_check CHECK (((planned_at IS NULL) = (due_at IS NULL))),
    CONSTRAINT schedule_trigger_grace_s_check CHECK (((grace_s >= 0) AND (grace_s <= 86400))),
    CONSTRAINT schedule_trigger_missed_check CHECK ((missed = ANY (ARRAY['skip'::text, 'once'::text, 'all'::text]))),
    CONSTRAINT schedule_trigger_most_missed_check CHECK (((most_missed >= 1) AND (most_missed <= 1000))),
    CONSTRAINT schedule_trigger_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN schedule_trigger.definition IS 'When it fires, as the JSON of a trigger.';

COMMENT ON COLUMN schedule_trigger.missed IS 'What becomes of fires that nobody was there for: left out, the last one made up for, or all of them.';

COMMENT ON COLUMN schedule_trigger.grace_s IS 'How late a fire may be, in seconds, before it counts as missed.';

COMMENT ON COLUMN schedule_trigger.planned_at IS 'Its next fire, which is known by this time; NULL: none, or it starts nothing. Whoever fires it moves it on, if it still stands there.';

COMMENT ON COLUMN schedule_trigger.due_at IS 'When that is to happen: later than planned by the jitter.';

COMMENT ON COLUMN schedule_trigger.version IS 'Rises whenever it is defined or planned anew: who fires it has to have read this one.';

ALTER TABLE schedule_trigger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME schedule_trigger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE server_session (
    id bigint NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    alive_until timestamp with time zone NOT NULL,
    slots integer DEFAULT 0 NOT NULL
);

COMMENT ON TABLE server_session IS 'One life of a server. It renews alive_until for all its attempts at once; past it, they are lost.';

ALTER TABLE server_session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME server_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE step_run (
    run_id bigint NOT NULL,
    step integer NOT NULL,
    handler boolean DEFAULT false NOT NULL,
    state text NOT NULL,
    condition text NOT NULL,
    needed integer NOT NULL,
    pending integer NOT NULL,
    open integer DEFAULT 0 NOT NULL,
    succeeded integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    remaining integer DEFAULT 0 NOT NULL,
    CONSTRAINT step_run_condition_check CHECK ((condition = ANY (ARRAY['all_succeeded'::text, 'at_least_one_succeeded'::text, 'always_proceed'::text]))),
    CONSTRAINT step_run_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);

COMMENT ON TABLE step_run IS 'A step of a running plan, from the moment the first step before it has ended.';

COMMENT ON COLUMN step_run.remaining IS 'Runs of the step that are not made yet, because a limit allows only so many at once.';

CREATE TABLE subject_access (
    user_id bigint NOT NULL,
    subject_id bigint NOT NULL,
    workspace_key text,
    environment_id bigint,
    permissions text[] NOT NULL
);

COMMENT ON TABLE subject_access IS 'Who may do what by key of workspace, whether the workspace is there or not yet; NULL: in every workspace, in every environment. Follows from users, groups, roles, grants and limited credentials, and is kept up by their triggers in the same transaction, because every request asks for it.';

COMMENT ON COLUMN subject_access.subject_id IS 'The user, or one of their credentials that may less.';

CREATE TABLE task_ever (
    id bigint CONSTRAINT task_id_not_null NOT NULL,
    environment_id bigint CONSTRAINT task_environment_id_not_null NOT NULL,
    workspace_id bigint CONSTRAINT task_workspace_id_not_null NOT NULL,
    type text CONSTRAINT task_type_not_null NOT NULL,
    number integer CONSTRAINT task_number_not_null NOT NULL,
    name text CONSTRAINT task_name_not_null NOT NULL,
    description text,
    config json CONSTRAINT task_config_not_null NOT NULL,
    uses text[] DEFAULT '{}'::text[] CONSTRAINT task_uses_not_null NOT NULL,
    graph_id bigint,
    timeout_s double precision,
    retries jsonb DEFAULT '{}'::jsonb CONSTRAINT task_retries_not_null NOT NULL,
    overlap text DEFAULT 'forbid'::text CONSTRAINT task_overlap_not_null NOT NULL,
    disabled boolean DEFAULT false CONSTRAINT task_disabled_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT task_created_at_not_null NOT NULL,
    changed_at timestamp with time zone CONSTRAINT task_changed_at_not_null NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb CONSTRAINT task_parameters_not_null NOT NULL,
    run_timeout_s double precision,
    priority integer DEFAULT 0 CONSTRAINT task_priority_not_null NOT NULL,
    pool_id bigint,
    paused_at timestamp with time zone,
    paused_by text,
    pause_note text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    deleted_at timestamp with time zone,
    is_there boolean GENERATED ALWAYS AS ((deleted_at IS NULL)) STORED,
    CONSTRAINT task_name_check CHECK ((name <> ''::text)),
    CONSTRAINT task_overlap_check CHECK ((overlap = ANY (ARRAY['forbid'::text, 'parallel'::text, 'queue'::text]))),
    CONSTRAINT task_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT task_run_timeout_s_check CHECK ((run_timeout_s > (0)::double precision)),
    CONSTRAINT task_timeout_s_check CHECK ((timeout_s > (0)::double precision))
);

COMMENT ON COLUMN task_ever.number IS 'Unique within a type; the same task in another environment has the same number.';

COMMENT ON COLUMN task_ever.uses IS 'The names of the connections its config refers to.';

COMMENT ON COLUMN task_ever.graph_id IS 'For composite types: the steps it consists of.';

COMMENT ON COLUMN task_ever.parameters IS 'Name to what is declared of it: type, default, whether it is required, description.';

COMMENT ON COLUMN task_ever.run_timeout_s IS 'Seconds from the request to the end of a run, retries and waits included.';

COMMENT ON COLUMN task_ever.version IS 'Grows with every change.';

COMMENT ON COLUMN task_ever.deleted_at IS 'Its runs are told of for as long as they are kept, under its name.';

COMMENT ON COLUMN task_ever.is_there IS 'For the view: of a table that was never analysed, the planner takes hardly any row to have no deleted_at, and goes through all tasks first.';

CREATE VIEW task AS
 SELECT id,
    environment_id,
    workspace_id,
    type,
    number,
    name,
    description,
    config,
    uses,
    graph_id,
    timeout_s,
    retries,
    overlap,
    disabled,
    created_at,
    changed_at,
    parameters,
    run_timeout_s,
    priority,
    pool_id,
    paused_at,
    paused_by,
    pause_note,
    tags,
    version,
    deleted_at,
    is_there
   FROM task_ever
  WHERE is_there;

COMMENT ON VIEW task IS 'The tasks there are; what tells of runs, which outlive their tasks, takes task_ever.';

CREATE TABLE task_artifact (
    task_id bigint NOT NULL,
    artifact_id bigint NOT NULL,
    version_id bigint
);

COMMENT ON TABLE task_artifact IS 'What the config of a task names; without a version the newest at the start of each run.';

ALTER TABLE task_ever ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE task_last (
    task_id bigint NOT NULL,
    run_id bigint NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE task_last IS 'The newest run of each task that went into history: how a task stands is known without a look there, and outlives it.';

CREATE TABLE task_resource (
    task_id bigint NOT NULL,
    parameter text NOT NULL,
    resource_id bigint NOT NULL
);

COMMENT ON TABLE task_resource IS 'The resources that the configs of tasks name, and under which names their runs get them.';

CREATE TABLE task_success (
    task_id bigint NOT NULL,
    run_id bigint NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone NOT NULL,
    row_count bigint
);

COMMENT ON TABLE task_success IS 'Of each task, the success that ended last among those that went into history; it outlives them.';

CREATE TABLE tenant_role (
    name text NOT NULL,
    everywhere text[] NOT NULL,
    CONSTRAINT tenant_role_everywhere_check CHECK ((everywhere <@ ARRAY['VIEW'::text, 'EXECUTE'::text, 'AUTHOR'::text, 'PUBLISH'::text, 'MANAGE'::text]))
);

COMMENT ON TABLE tenant_role IS 'Roles in the whole installation, and what they allow in every workspace.';

CREATE TABLE trigger_key (
    scope text NOT NULL,
    key text NOT NULL,
    run_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    rerun_of bigint,
    created_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE trigger_key IS 'The run that a key started: a user''s idempotency key, or a schedule and the time it fired for.';

CREATE TABLE user_group (
    id bigint NOT NULL,
    name text NOT NULL,
    description text,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    claim text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT user_group_name_check CHECK ((name <> ''::text)),
    CONSTRAINT user_group_roles_check CHECK ((roles <@ ARRAY['ADMINISTRATOR'::text, 'SECURITY_ADMINISTRATOR'::text, 'ENVIRONMENT_MANAGER'::text, 'OPERATOR'::text, 'AUDITOR'::text]))
);

COMMENT ON COLUMN user_group.claim IS 'What the OpenID provider calls this group: its members come and go with their sign-ins.';

ALTER TABLE user_group ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME user_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW user_role AS
 SELECT app_user.id AS user_id,
    role.role
   FROM (app_user
     CROSS JOIN LATERAL unnest(app_user.roles) role(role))
UNION
 SELECT group_member.user_id,
    role.role
   FROM ((group_member
     JOIN user_group ON ((user_group.id = group_member.group_id)))
     CROSS JOIN LATERAL unnest(user_group.roles) role(role));

COMMENT ON VIEW user_role IS 'The roles of users in the whole installation, their own and those of their groups.';

CREATE TABLE webhook (
    id bigint NOT NULL,
    workspace_key text,
    environment_id bigint,
    description text,
    url text NOT NULL,
    shown_url text NOT NULL,
    secret text NOT NULL,
    old_secret text,
    old_secret_until timestamp with time zone,
    events text[] NOT NULL,
    names text[],
    tasks boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL,
    since timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    disabled_reason text,
    created_at timestamp with time zone NOT NULL,
    created_by bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT webhook_check CHECK (((old_secret IS NULL) = (old_secret_until IS NULL))),
    CONSTRAINT webhook_check1 CHECK (((disabled_reason IS NULL) OR (NOT active))),
    CONSTRAINT webhook_events_check CHECK (((events <> '{}'::text[]) AND (events <@ ARRAY['run.started'::text, 'run.succeeded'::text, 'run.failed'::text, 'run.cancelled'::text, 'run.misfired'::text]))),
    CONSTRAINT webhook_names_check CHECK ((names <> '{}'::text[]))
);

COMMENT ON COLUMN webhook.workspace_key IS 'NULL: every workspace, those to come as well.';

COMMENT ON COLUMN webhook.environment_id IS 'NULL: in every environment.';

COMMENT ON COLUMN webhook.url IS 'Ciphertext, as secret and old_secret: paths and queries of such addresses often are secrets.';

COMMENT ON COLUMN webhook.names IS 'The names of the tasks and plans it is about; NULL: all.';

COMMENT ON COLUMN webhook.tasks IS 'Whether runs of tasks inside of plans count.';

COMMENT ON COLUMN webhook.since IS 'When it became active: what happened before is not told.';

COMMENT ON COLUMN webhook.failing_since IS 'The first failure after the last success.';

CREATE TABLE webhook_call (
    id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    window_id bigint NOT NULL,
    key text,
    received_at timestamp with time zone NOT NULL,
    address text,
    type text NOT NULL,
    data text NOT NULL
);

COMMENT ON COLUMN webhook_call.key IS 'What its sender knows it by: a repetition is the same call.';

ALTER TABLE webhook_call ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_call_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE webhook_delivery (
    id bigint NOT NULL,
    webhook_id bigint NOT NULL,
    message text NOT NULL,
    event text NOT NULL,
    run_id bigint,
    body text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    claimed_until timestamp with time zone,
    status integer,
    error text,
    answer text,
    created_at timestamp with time zone NOT NULL,
    tried_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT webhook_delivery_check CHECK (((due_at IS NOT NULL) = (state = 'waiting'::text))),
    CONSTRAINT webhook_delivery_check1 CHECK (((ended_at IS NULL) = (state = 'waiting'::text))),
    CONSTRAINT webhook_delivery_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'succeeded'::text, 'failed'::text, 'dropped'::text])))
);

COMMENT ON COLUMN webhook_delivery.message IS 'What the receiver knows it by: the same at every attempt.';

COMMENT ON COLUMN webhook_delivery.run_id IS 'NULL: a ping.';

COMMENT ON COLUMN webhook_delivery.body IS 'Written once, so that every attempt sends the same.';

COMMENT ON COLUMN webhook_delivery.attempts IS 'The attempt that is claimed: one that comes back later than another was made changes nothing.';

COMMENT ON COLUMN webhook_delivery.failures IS 'Of its attempts, those since it was last made to wait by somebody.';

ALTER TABLE webhook_delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE webhook ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE webhook_look (
    one boolean DEFAULT true NOT NULL,
    until_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    swept_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    CONSTRAINT webhook_look_one_check CHECK (one)
);

COMMENT ON TABLE webhook_look IS 'How far the ended runs have been looked at for webhooks; whoever has locked the row looks. What it passes over is found by the next sweep, or at the border to history at the latest.';

COMMENT ON COLUMN webhook_look.swept_at IS 'When every live run was last looked at, however long ago it ended.';

CREATE TABLE workspace (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    description text,
    created_at timestamp with time zone NOT NULL,
    kind text DEFAULT 'custom'::text NOT NULL,
    owner_id bigint,
    protected boolean DEFAULT false NOT NULL,
    changed_at timestamp with time zone,
    CONSTRAINT workspace_key_check CHECK (((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text) AND (key <> 'all'::text))),
    CONSTRAINT workspace_kind_check CHECK ((kind = ANY (ARRAY['custom'::text, 'shared'::text, 'personal'::text]))),
    CONSTRAINT workspace_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN workspace.key IS 'The same key in two environments is the same workspace at two stages.';

COMMENT ON COLUMN workspace.protected IS 'Its tasks take new versions by themselves only of artifacts that are published in it.';

COMMENT ON COLUMN workspace.changed_at IS 'NULL: not since it was made.';

CREATE VIEW webhook_place AS
 SELECT webhook.id AS webhook_id,
    workspace.id AS workspace_id,
    webhook.events,
    webhook.names,
    webhook.tasks,
    webhook.since
   FROM (webhook
     JOIN workspace ON ((((webhook.workspace_key IS NULL) OR (webhook.workspace_key = workspace.key)) AND ((webhook.environment_id IS NULL) OR (webhook.environment_id = workspace.environment_id)))))
  WHERE webhook.active;

COMMENT ON VIEW webhook_place IS 'The workspaces whose runs active webhooks tell of.';

CREATE TABLE webhook_trigger (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    name text NOT NULL,
    description text,
    active boolean NOT NULL,
    token text NOT NULL,
    token_digest bytea NOT NULL,
    old_token_digest bytea,
    old_token_until timestamp with time zone,
    secret text,
    old_secret text,
    old_secret_until timestamp with time zone,
    calls integer NOT NULL,
    window_ms bigint NOT NULL,
    per_minute integer NOT NULL,
    owner_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT webhook_trigger_calls_check CHECK (((calls >= 1) AND (calls <= 1000))),
    CONSTRAINT webhook_trigger_check CHECK ((num_nonnulls(task_id, plan_id) = 1)),
    CONSTRAINT webhook_trigger_check1 CHECK (((old_token_digest IS NULL) = (old_token_until IS NULL))),
    CONSTRAINT webhook_trigger_check2 CHECK (((old_secret IS NULL) = (old_secret_until IS NULL))),
    CONSTRAINT webhook_trigger_check3 CHECK (((secret IS NOT NULL) OR (old_secret IS NULL))),
    CONSTRAINT webhook_trigger_name_check CHECK ((name <> ''::text)),
    CONSTRAINT webhook_trigger_per_minute_check CHECK (((per_minute >= 1) AND (per_minute <= 6000))),
    CONSTRAINT webhook_trigger_window_ms_check CHECK (((window_ms >= 0) AND (window_ms <= 86400000)))
);

COMMENT ON TABLE webhook_trigger IS 'A task or plan has one at most.';

COMMENT ON COLUMN webhook_trigger.token IS 'What makes its address unguessable, as ciphertext; it is found by the digest.';

COMMENT ON COLUMN webhook_trigger.secret IS 'What calls are signed with, as ciphertext; NULL: they need no signature.';

COMMENT ON COLUMN webhook_trigger.calls IS 'After so many calls a run starts; or so long after the first of them.';

COMMENT ON COLUMN webhook_trigger.owner_id IS 'On whose behalf runs are started: whoever changed it last.';

ALTER TABLE webhook_trigger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_trigger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE webhook_window (
    id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    calls integer NOT NULL,
    size integer NOT NULL,
    closed boolean NOT NULL,
    fired_at timestamp with time zone,
    run_id bigint,
    misfired boolean DEFAULT false NOT NULL,
    CONSTRAINT webhook_window_check CHECK ((closed OR (fired_at IS NULL)))
);

COMMENT ON TABLE webhook_window IS 'Calls that start one run together. Once it is closed no call joins it, and it is fired once.';

ALTER TABLE webhook_window ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_window_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW workspace_access AS
 SELECT workspace.id AS workspace_id,
    held.subject_id,
    held.permissions
   FROM (workspace
     JOIN subject_access held ON ((((held.workspace_key IS NULL) OR (held.workspace_key = workspace.key)) AND ((held.environment_id IS NULL) OR (held.environment_id = workspace.environment_id)))));

COMMENT ON VIEW workspace_access IS 'Who may do what where: every statement that reads or changes for somebody joins it.';

CREATE VIEW workspace_described AS
 SELECT workspace.id,
    workspace.key,
    workspace.name,
    workspace.description,
    workspace.kind,
    owner.name AS owner,
    COALESCE(owner.full_name, owner.name) AS owner_full_name,
    workspace.protected,
    workspace.created_at,
    COALESCE(workspace.changed_at, workspace.created_at) AS changed_at,
    jsonb_build_object('id', environment.id, 'name', environment.name, 'description', environment.description, 'stage', environment.stage, 'max_cloud_engines', environment.max_cloud_engines, 'is_default', (environment.id = ( SELECT min(first.id) AS min
           FROM environment first))) AS environment
   FROM ((workspace
     JOIN environment ON ((environment.id = workspace.environment_id)))
     LEFT JOIN app_user owner ON ((owner.id = workspace.owner_id)));

COMMENT ON VIEW workspace_described IS 'Workspaces as they are described wherever something is in one; whoever selects from it checks the viewer. The environment that was made first is the default one.';

CREATE TABLE workspace_grant (
    id bigint NOT NULL,
    user_id bigint,
    workspace_key text NOT NULL,
    environment_id bigint,
    permissions text[] NOT NULL,
    group_id bigint,
    CONSTRAINT workspace_grant_check CHECK ((num_nonnulls(user_id, group_id) = 1)),
    CONSTRAINT workspace_grant_permissions_check CHECK ((permissions <@ ARRAY['VIEW'::text, 'EXECUTE'::text, 'AUTHOR'::text, 'PUBLISH'::text, 'MANAGE'::text]))
);

COMMENT ON COLUMN workspace_grant.environment_id IS 'NULL: the workspace of this key in every environment.';

ALTER TABLE workspace_grant ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME workspace_grant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE workspace ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME workspace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY app_user
    ADD CONSTRAINT app_user_issuer_external_id_key UNIQUE (issuer, external_id);

ALTER TABLE ONLY app_user
    ADD CONSTRAINT app_user_name_key UNIQUE (name);

ALTER TABLE ONLY app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY artifact
    ADD CONSTRAINT artifact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY artifact_version
    ADD CONSTRAINT artifact_version_artifact_id_version_key UNIQUE (artifact_id, version);

ALTER TABLE ONLY artifact_version
    ADD CONSTRAINT artifact_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY artifact
    ADD CONSTRAINT artifact_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY backfill_fire
    ADD CONSTRAINT backfill_fire_backfill_id_at_key UNIQUE (backfill_id, at);

ALTER TABLE ONLY backfill_fire
    ADD CONSTRAINT backfill_fire_pkey PRIMARY KEY (backfill_id, place);

ALTER TABLE ONLY backfill
    ADD CONSTRAINT backfill_pkey PRIMARY KEY (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (id);

ALTER TABLE ONLY credential_secret
    ADD CONSTRAINT credential_secret_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_subject_id_key UNIQUE (subject_id);

ALTER TABLE ONLY data_trigger
    ADD CONSTRAINT data_trigger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY data_trigger_source
    ADD CONSTRAINT data_trigger_source_pkey PRIMARY KEY (id);

ALTER TABLE ONLY data_trigger_source
    ADD CONSTRAINT data_trigger_source_trigger_id_task_id_plan_id_key UNIQUE NULLS NOT DISTINCT (trigger_id, task_id, plan_id);

ALTER TABLE ONLY data_trigger_success
    ADD CONSTRAINT data_trigger_success_pkey PRIMARY KEY (source_id, run_id);

ALTER TABLE ONLY environment
    ADD CONSTRAINT environment_name_key UNIQUE (name);

ALTER TABLE ONLY environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY environment
    ADD CONSTRAINT environment_stage_key UNIQUE (stage);

ALTER TABLE ONLY finding
    ADD CONSTRAINT finding_pkey PRIMARY KEY (run_id, "position");

ALTER TABLE ONLY graph
    ADD CONSTRAINT graph_digest_key UNIQUE (digest);

ALTER TABLE ONLY graph
    ADD CONSTRAINT graph_pkey PRIMARY KEY (id);

ALTER TABLE ONLY group_member
    ADD CONSTRAINT group_member_pkey PRIMARY KEY (user_id, group_id);

ALTER TABLE ONLY holiday_list
    ADD CONSTRAINT holiday_list_environment_id_name_key UNIQUE (environment_id, name);

ALTER TABLE ONLY holiday_list
    ADD CONSTRAINT holiday_list_pkey PRIMARY KEY (id);

ALTER TABLE ONLY kept_week
    ADD CONSTRAINT kept_week_pkey PRIMARY KEY (environment_id, week);

ALTER TABLE ONLY migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY number_series
    ADD CONSTRAINT number_series_pkey PRIMARY KEY (name);

ALTER TABLE ONLY pending_sign_in
    ADD CONSTRAINT pending_sign_in_pkey PRIMARY KEY (state_digest);

ALTER TABLE ONLY plan_last
    ADD CONSTRAINT plan_last_pkey PRIMARY KEY (plan_id);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_pkey PRIMARY KEY (plan_id, task_id);

ALTER TABLE ONLY plan_order
    ADD CONSTRAINT plan_order_pkey PRIMARY KEY (plan_id, step, after);

ALTER TABLE ONLY plan_part
    ADD CONSTRAINT plan_part_plan_id_step_task_id_nested_plan_id_key UNIQUE NULLS NOT DISTINCT (plan_id, step, task_id, nested_plan_id);

ALTER TABLE ONLY plan_ever
    ADD CONSTRAINT plan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY plan_success
    ADD CONSTRAINT plan_success_pkey PRIMARY KEY (plan_id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_pkey PRIMARY KEY (plan_id, version);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_environment_id_name_key UNIQUE (environment_id, name);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_pkey PRIMARY KEY (id);

ALTER TABLE ONLY project_group
    ADD CONSTRAINT project_group_pkey PRIMARY KEY (project_id, group_id);

ALTER TABLE ONLY project
    ADD CONSTRAINT project_label_key UNIQUE (label);

ALTER TABLE ONLY project
    ADD CONSTRAINT project_name_key UNIQUE (name);

ALTER TABLE ONLY project
    ADD CONSTRAINT project_pkey PRIMARY KEY (id);

ALTER TABLE ONLY project_user
    ADD CONSTRAINT project_user_pkey PRIMARY KEY (project_id, user_id);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_pkey PRIMARY KEY (id);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_source_id_target_id_key UNIQUE (source_id, target_id);

ALTER TABLE ONLY promotion_user
    ADD CONSTRAINT promotion_user_pkey PRIMARY KEY (promotion_id, user_id);

ALTER TABLE ONLY resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (id);

ALTER TABLE ONLY resource
    ADD CONSTRAINT resource_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY run_artifact
    ADD CONSTRAINT run_artifact_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY run_log
    ADD CONSTRAINT run_log_pkey PRIMARY KEY (run_id, seq);

ALTER TABLE ONLY run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY schedule_trigger
    ADD CONSTRAINT schedule_trigger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY schedule_trigger
    ADD CONSTRAINT schedule_trigger_schedule_id_name_key UNIQUE (schedule_id, name);

ALTER TABLE ONLY server_session
    ADD CONSTRAINT server_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY step_run
    ADD CONSTRAINT step_run_pkey PRIMARY KEY (run_id, step, handler);

ALTER TABLE ONLY task_artifact
    ADD CONSTRAINT task_artifact_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY task_last
    ADD CONSTRAINT task_last_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY task_ever
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY task_resource
    ADD CONSTRAINT task_resource_pkey PRIMARY KEY (task_id, parameter);

ALTER TABLE ONLY task_success
    ADD CONSTRAINT task_success_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY tenant_role
    ADD CONSTRAINT tenant_role_pkey PRIMARY KEY (name);

ALTER TABLE ONLY trigger_key
    ADD CONSTRAINT trigger_key_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY user_group
    ADD CONSTRAINT user_group_claim_key UNIQUE (claim);

ALTER TABLE ONLY user_group
    ADD CONSTRAINT user_group_name_key UNIQUE (name);

ALTER TABLE ONLY user_group
    ADD CONSTRAINT user_group_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_call
    ADD CONSTRAINT webhook_call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_delivery
    ADD CONSTRAINT webhook_delivery_message_key UNIQUE (message);

ALTER TABLE ONLY webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_delivery
    ADD CONSTRAINT webhook_delivery_run_id_event_webhook_id_key UNIQUE (run_id, event, webhook_id);

ALTER TABLE ONLY webhook_look
    ADD CONSTRAINT webhook_look_pkey PRIMARY KEY (one);

ALTER TABLE ONLY webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_old_token_digest_key UNIQUE (old_token_digest);

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_token_digest_key UNIQUE (token_digest);

ALTER TABLE ONLY webhook_window
    ADD CONSTRAINT webhook_window_pkey PRIMARY KEY (id);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_environment_id_key_key UNIQUE (environment_id, key);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_user_id_group_id_workspace_key_environment__key UNIQUE NULLS NOT DISTINCT (user_id, group_id, workspace_key, environment_id);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_pkey PRIMARY KEY (id);

CREATE INDEX artifact_version_digest ON artifact_version USING btree (digest);

CREATE INDEX artifact_version_newest ON artifact_version USING btree (artifact_id, id DESC);

CREATE UNIQUE INDEX audit_seal ON audit USING btree (seal) WHERE (seal IS NOT NULL);

CREATE INDEX audit_unsealed ON audit USING btree (id) WHERE (seal IS NULL);

CREATE INDEX backfill_fire_left ON backfill_fire USING btree (backfill_id, place) WHERE (NOT taken);

CREATE INDEX backfill_fire_live ON backfill_fire USING btree (backfill_id, run_id) WHERE ((run_id IS NOT NULL) AND (state IS NULL));

CREATE INDEX backfill_going ON backfill USING btree (id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX backfill_key ON backfill USING btree (owner_id, key) WHERE (key IS NOT NULL);

CREATE INDEX backfill_plan ON backfill USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE INDEX backfill_task ON backfill USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX credential_expiring ON credential USING btree (expires_at) WHERE ((deleted_at IS NULL) AND (expires_at IS NOT NULL));

CREATE INDEX credential_fleeting ON credential USING btree (expires_at) WHERE (kind = ANY (ARRAY['session'::text, 'access_token'::text]));

CREATE INDEX credential_owner ON credential USING btree (user_id, kind) WHERE (deleted_at IS NULL);

CREATE INDEX credential_secret_credential ON credential_secret USING btree (credential_id);

CREATE INDEX credential_secret_prefix ON credential_secret USING btree (prefix);

CREATE INDEX data_trigger_environment ON data_trigger USING btree (environment_id, id DESC);

CREATE UNIQUE INDEX data_trigger_plan ON data_trigger USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE INDEX data_trigger_source_plan ON data_trigger_source USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE INDEX data_trigger_source_task ON data_trigger_source USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX data_trigger_success_unused ON data_trigger_success USING btree (source_id) WHERE (fire IS NULL);

CREATE UNIQUE INDEX data_trigger_task ON data_trigger USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX group_member_group ON group_member USING btree (group_id);

CREATE UNIQUE INDEX installation_is_one ON installation USING btree ((true));

CREATE INDEX kept_finding_of_run ON ONLY kept_finding USING btree (run_id, "position");

CREATE INDEX kept_log_of_run ON ONLY kept_log USING btree (run_id, seq);

CREATE INDEX kept_run_history_of_task ON ONLY kept_run USING btree (task_id, started_at DESC, id DESC) WHERE ((task_id IS NOT NULL) AND (started_at IS NOT NULL));

CREATE INDEX kept_run_id ON ONLY kept_run USING btree (id);

CREATE INDEX kept_run_not_succeeded ON ONLY kept_run USING btree (workspace_id, id) WHERE ((parent_run_id IS NULL) AND (state <> 'SUCCEEDED'::text));

CREATE INDEX kept_run_of_plan ON ONLY kept_run USING btree (plan_id, id) WHERE ((plan_id IS NOT NULL) AND (parent_run_id IS NULL));

CREATE INDEX kept_run_of_root ON ONLY kept_run USING btree (root_run_id, id) WHERE (root_run_id IS NOT NULL);

CREATE INDEX kept_run_of_workspace ON ONLY kept_run USING btree (workspace_id, id) WHERE (parent_run_id IS NULL);

CREATE INDEX kept_step_of_run ON ONLY kept_step USING btree (run_id);

CREATE INDEX pending_sign_in_expiring ON pending_sign_in USING btree (expires_at);

CREATE INDEX plan_member_task ON plan_member USING btree (task_id);

CREATE UNIQUE INDEX plan_name ON plan_ever USING btree (workspace_id, name) WHERE is_there;

CREATE UNIQUE INDEX plan_number ON plan_ever USING btree (environment_id, number) WHERE is_there;

CREATE INDEX plan_part_task ON plan_part USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX promotion_target ON promotion USING btree (target_id);

CREATE INDEX resource_digest ON resource USING btree (digest);

CREATE UNIQUE INDEX run_alone_of_plan ON run USING btree (plan_id) WHERE (alone AND (plan_id IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE UNIQUE INDEX run_alone_of_task ON run USING btree (task_id) WHERE (alone AND (task_id IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_artifact_version ON run_artifact USING btree (version_id);

CREATE INDEX run_children ON run USING btree (parent_run_id, id) WHERE (parent_run_id IS NOT NULL);

CREATE INDEX run_deadline ON run USING btree (deadline_at) WHERE ((deadline_at IS NOT NULL) AND (cancel_requested_at IS NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_due ON run USING btree (due_at) WHERE ((state = 'QUEUED'::text) AND (hold = 'due'::text));

CREATE INDEX run_held ON run USING btree (session_id) WHERE ((state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])) AND (graph_id IS NULL));

CREATE INDEX run_held_by_pause ON run USING btree (task_id, plan_id) WHERE ((state = 'QUEUED'::text) AND (hold = 'paused'::text));

CREATE INDEX run_held_by_plan ON run USING btree (plan_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'plan'::text));

CREATE INDEX run_held_by_pool ON run USING btree (pool_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'pool'::text));

CREATE INDEX run_held_by_task ON run USING btree (task_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'task'::text));

CREATE INDEX run_history_of_task ON run USING btree (task_id, started_at DESC, id DESC) WHERE ((task_id IS NOT NULL) AND (started_at IS NOT NULL));

CREATE INDEX run_live_of_plan ON run USING btree (plan_id, state) WHERE ((plan_id IS NOT NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_live_of_task ON run USING btree (task_id, state) WHERE ((task_id IS NOT NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_of_plan ON run USING btree (plan_id, id DESC) WHERE (plan_id IS NOT NULL);

CREATE INDEX run_of_root ON run USING btree (root_run_id, id) WHERE (root_run_id IS NOT NULL);

CREATE INDEX run_of_task ON run USING btree (task_id, id DESC) WHERE (task_id IS NOT NULL);

CREATE INDEX run_of_workspace ON run USING btree (workspace_id, id) WHERE (parent_run_id IS NULL);

CREATE INDEX run_ready ON run USING btree (priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold IS NULL) AND (graph_id IS NULL));

CREATE INDEX run_ready_plan ON run USING btree (id) WHERE ((state = 'QUEUED'::text) AND (hold IS NULL) AND (graph_id IS NOT NULL));

CREATE UNIQUE INDEX run_slot_of_pool ON run USING btree (pool_id, pool_slot) WHERE ((pool_slot IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_success_of_plan ON run USING btree (plan_id, ended_at DESC) WHERE ((state = 'SUCCEEDED'::text) AND (plan_id IS NOT NULL));

CREATE INDEX run_success_of_task ON run USING btree (task_id, ended_at DESC) WHERE ((state = 'SUCCEEDED'::text) AND (task_id IS NOT NULL));

CREATE INDEX run_to_keep ON run USING btree (ended_at, id) WHERE ((parent_run_id IS NULL) AND (ended_at IS NOT NULL));

CREATE INDEX schedule_environment ON schedule USING btree (environment_id, id DESC);

CREATE UNIQUE INDEX schedule_plan ON schedule USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE UNIQUE INDEX schedule_task ON schedule USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX schedule_trigger_due ON schedule_trigger USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX step_run_running ON step_run USING btree (run_id, step) WHERE (state = 'running'::text);

CREATE INDEX subject_access_subject ON subject_access USING btree (subject_id);

CREATE INDEX subject_access_user ON subject_access USING btree (user_id);

CREATE INDEX task_artifact_artifact ON task_artifact USING btree (artifact_id);

CREATE INDEX task_artifact_version ON task_artifact USING btree (version_id) WHERE (version_id IS NOT NULL);

CREATE INDEX task_ever_number ON task_ever USING btree (workspace_id, type, number);

COMMENT ON INDEX task_ever_number IS 'By which the executions of a deleted task are still found.';

CREATE UNIQUE INDEX task_name ON task_ever USING btree (workspace_id, name) WHERE is_there;

CREATE UNIQUE INDEX task_number ON task_ever USING btree (environment_id, type, number) WHERE is_there;

CREATE INDEX task_resource_resource ON task_resource USING btree (resource_id);

CREATE INDEX task_tags ON task_ever USING gin (tags) WHERE is_there;

CREATE INDEX task_uses ON task_ever USING gin (uses);

CREATE INDEX trigger_key_age ON trigger_key USING btree (created_at);

CREATE UNIQUE INDEX webhook_call_key ON webhook_call USING btree (trigger_id, key) WHERE (key IS NOT NULL);

CREATE INDEX webhook_call_received ON webhook_call USING btree (trigger_id, received_at);

CREATE INDEX webhook_call_window ON webhook_call USING btree (window_id, id);

CREATE INDEX webhook_delivery_age ON webhook_delivery USING btree (created_at);

CREATE INDEX webhook_delivery_claimed ON webhook_delivery USING btree (webhook_id) WHERE (claimed_until IS NOT NULL);

CREATE INDEX webhook_delivery_due ON webhook_delivery USING btree (webhook_id, due_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX webhook_delivery_newest ON webhook_delivery USING btree (webhook_id, id);

CREATE INDEX webhook_trigger_environment ON webhook_trigger USING btree (environment_id, id DESC);

CREATE UNIQUE INDEX webhook_trigger_plan ON webhook_trigger USING btree (plan_id) WHERE (plan_id IS NOT NULL);

CREATE UNIQUE INDEX webhook_trigger_task ON webhook_trigger USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX webhook_window_due ON webhook_window USING btree (due_at) WHERE (fired_at IS NULL);

CREATE INDEX webhook_window_fired ON webhook_window USING btree (fired_at) WHERE (fired_at IS NOT NULL);

CREATE UNIQUE INDEX webhook_window_open ON webhook_window USING btree (trigger_id) WHERE (NOT closed);

CREATE INDEX webhook_window_trigger ON webhook_window USING btree (trigger_id);

CREATE INDEX workspace_grant_group ON workspace_grant USING btree (group_id) WHERE (group_id IS NOT NULL);

CREATE TRIGGER access_of_credential AFTER INSERT OR UPDATE OF deleted_at ON credential FOR EACH ROW WHEN ((new.subject_id IS NOT NULL)) EXECUTE FUNCTION access_changes();

CREATE TRIGGER access_of_grant AFTER INSERT OR DELETE OR UPDATE ON workspace_grant FOR EACH ROW EXECUTE FUNCTION access_changes();

CREATE TRIGGER access_of_group AFTER UPDATE OF roles ON user_group FOR EACH ROW EXECUTE FUNCTION access_changes();

CREATE TRIGGER access_of_new_members AFTER INSERT ON group_member REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_change();

CREATE TRIGGER access_of_old_members AFTER DELETE ON group_member REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_change();

CREATE TRIGGER access_of_user AFTER INSERT OR UPDATE OF active, roles ON app_user FOR EACH ROW EXECUTE FUNCTION access_changes();

CREATE TRIGGER audit_is_kept BEFORE DELETE OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION keep_audit();

CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

CREATE TRIGGER backfills_of_deleted_plan AFTER UPDATE OF deleted_at ON plan_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION stop_backfills();

CREATE TRIGGER backfills_of_deleted_task AFTER UPDATE OF deleted_at ON task_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION stop_backfills();

CREATE TRIGGER keys_are_taken_back AFTER UPDATE OF deleted_at, expires_at ON credential FOR EACH STATEMENT EXECUTE FUNCTION tell_of_keys();

CREATE TRIGGER plan_has_no_address AFTER UPDATE OF deleted_at ON plan_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_webhook_trigger_go();

CREATE TRIGGER plan_is_deleted AFTER UPDATE OF deleted_at ON plan_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_schedules_go();

CREATE TRIGGER plan_is_removed BEFORE DELETE ON plan_ever FOR EACH ROW EXECUTE FUNCTION let_schedules_go();

CREATE TRIGGER plan_starts_no_more AFTER UPDATE OF deleted_at ON plan_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_data_triggers_go();

CREATE TRIGGER secrets_are_taken_back AFTER DELETE OR UPDATE ON credential_secret FOR EACH STATEMENT EXECUTE FUNCTION tell_of_keys();

CREATE TRIGGER source_is_counted AFTER INSERT OR DELETE ON data_trigger_source FOR EACH ROW EXECUTE FUNCTION count_sources();

CREATE TRIGGER task_has_no_address AFTER UPDATE OF deleted_at ON task_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_webhook_trigger_go();

CREATE TRIGGER task_is_deleted AFTER UPDATE OF deleted_at ON task_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_schedules_go();

CREATE TRIGGER task_is_removed BEFORE DELETE ON task_ever FOR EACH ROW EXECUTE FUNCTION let_schedules_go();

CREATE TRIGGER task_starts_no_more AFTER UPDATE OF deleted_at ON task_ever FOR EACH ROW WHEN ((new.deleted_at IS NOT NULL)) EXECUTE FUNCTION let_data_triggers_go();

ALTER TABLE ONLY artifact_version
    ADD CONSTRAINT artifact_version_artifact_id_fkey FOREIGN KEY (artifact_id) REFERENCES artifact(id);

ALTER TABLE ONLY artifact_version
    ADD CONSTRAINT artifact_version_published_by_fkey FOREIGN KEY (published_by) REFERENCES app_user(id);

ALTER TABLE ONLY artifact
    ADD CONSTRAINT artifact_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY backfill_fire
    ADD CONSTRAINT backfill_fire_backfill_id_fkey FOREIGN KEY (backfill_id) REFERENCES backfill(id) ON DELETE CASCADE;

ALTER TABLE ONLY backfill
    ADD CONSTRAINT backfill_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY backfill
    ADD CONSTRAINT backfill_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);

ALTER TABLE ONLY backfill
    ADD CONSTRAINT backfill_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY backfill
    ADD CONSTRAINT backfill_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_issued_by_fkey FOREIGN KEY (issued_by) REFERENCES credential(id);

ALTER TABLE ONLY credential_secret
    ADD CONSTRAINT credential_secret_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credential(id) ON DELETE CASCADE;

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY data_trigger
    ADD CONSTRAINT data_trigger_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY data_trigger
    ADD CONSTRAINT data_trigger_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);

ALTER TABLE ONLY data_trigger
    ADD CONSTRAINT data_trigger_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY data_trigger_source
    ADD CONSTRAINT data_trigger_source_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY data_trigger_source
    ADD CONSTRAINT data_trigger_source_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY data_trigger_source
    ADD CONSTRAINT data_trigger_source_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES data_trigger(id) ON DELETE CASCADE;

ALTER TABLE ONLY data_trigger
    ADD CONSTRAINT data_trigger_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY group_member
    ADD CONSTRAINT group_member_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_group(id) ON DELETE CASCADE;

ALTER TABLE ONLY group_member
    ADD CONSTRAINT group_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY holiday_list
    ADD CONSTRAINT holiday_list_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY plan_ever
    ADD CONSTRAINT plan_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY plan_ever
    ADD CONSTRAINT plan_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id);

ALTER TABLE ONLY plan_order
    ADD CONSTRAINT plan_order_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY plan_part
    ADD CONSTRAINT plan_part_nested_plan_id_fkey FOREIGN KEY (nested_plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY plan_part
    ADD CONSTRAINT plan_part_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY plan_part
    ADD CONSTRAINT plan_part_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_created_by_fkey FOREIGN KEY (created_by) REFERENCES app_user(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY plan_ever
    ADD CONSTRAINT plan_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY project
    ADD CONSTRAINT project_author_id_fkey FOREIGN KEY (author_id) REFERENCES app_user(id);

ALTER TABLE ONLY project_group
    ADD CONSTRAINT project_group_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_group(id) ON DELETE CASCADE;

ALTER TABLE ONLY project_group
    ADD CONSTRAINT project_group_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE;

ALTER TABLE ONLY project
    ADD CONSTRAINT project_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);

ALTER TABLE ONLY project_user
    ADD CONSTRAINT project_user_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE;

ALTER TABLE ONLY project_user
    ADD CONSTRAINT project_user_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_created_by_fkey FOREIGN KEY (created_by) REFERENCES app_user(id);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_source_id_fkey FOREIGN KEY (source_id) REFERENCES environment(id);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_target_id_fkey FOREIGN KEY (target_id) REFERENCES environment(id);

ALTER TABLE ONLY promotion_user
    ADD CONSTRAINT promotion_user_promotion_id_fkey FOREIGN KEY (promotion_id) REFERENCES promotion(id) ON DELETE CASCADE;

ALTER TABLE ONLY promotion_user
    ADD CONSTRAINT promotion_user_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY resource
    ADD CONSTRAINT resource_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY run_artifact
    ADD CONSTRAINT run_artifact_version_id_fkey FOREIGN KEY (version_id) REFERENCES artifact_version(id) ON DELETE CASCADE;

ALTER TABLE ONLY schedule
    ADD CONSTRAINT schedule_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY schedule
    ADD CONSTRAINT schedule_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);

ALTER TABLE ONLY schedule
    ADD CONSTRAINT schedule_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id);

ALTER TABLE ONLY schedule
    ADD CONSTRAINT schedule_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id);

ALTER TABLE ONLY schedule_trigger
    ADD CONSTRAINT schedule_trigger_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY subject_access
    ADD CONSTRAINT subject_access_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY subject_access
    ADD CONSTRAINT subject_access_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY task_artifact
    ADD CONSTRAINT task_artifact_artifact_id_fkey FOREIGN KEY (artifact_id) REFERENCES artifact(id);

ALTER TABLE ONLY task_artifact
    ADD CONSTRAINT task_artifact_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY task_artifact
    ADD CONSTRAINT task_artifact_version_id_fkey FOREIGN KEY (version_id) REFERENCES artifact_version(id);

ALTER TABLE ONLY task_ever
    ADD CONSTRAINT task_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY task_ever
    ADD CONSTRAINT task_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY task_ever
    ADD CONSTRAINT task_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES pool(id);

ALTER TABLE ONLY task_resource
    ADD CONSTRAINT task_resource_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resource(id);

ALTER TABLE ONLY task_resource
    ADD CONSTRAINT task_resource_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY task_ever
    ADD CONSTRAINT task_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY webhook_call
    ADD CONSTRAINT webhook_call_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES webhook_trigger(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook_call
    ADD CONSTRAINT webhook_call_window_id_fkey FOREIGN KEY (window_id) REFERENCES webhook_window(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook
    ADD CONSTRAINT webhook_created_by_fkey FOREIGN KEY (created_by) REFERENCES app_user(id);

ALTER TABLE ONLY webhook_delivery
    ADD CONSTRAINT webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhook(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook
    ADD CONSTRAINT webhook_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook_trigger
    ADD CONSTRAINT webhook_trigger_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_ever(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhook_window
    ADD CONSTRAINT webhook_window_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES webhook_trigger(id) ON DELETE CASCADE;

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_group(id) ON DELETE CASCADE;

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id);
