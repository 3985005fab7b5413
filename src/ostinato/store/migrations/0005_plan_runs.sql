-- The runs of one plan with everything that was written below them, live or kept; and the number by which ids that leave
-- this installation are told from those of another one.

CREATE TABLE installation (
    number bigint NOT NULL
);
CREATE UNIQUE INDEX installation_is_one ON installation ((true));
COMMENT ON TABLE installation IS 'A random number, made once: guids that are given out hold it.';
INSERT INTO installation (number)
SELECT ('x' || substr(encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint;

CREATE INDEX kept_run_of_plan ON kept_run (plan_id, id) WHERE plan_id IS NOT NULL AND parent_run_id IS NULL;

CREATE FUNCTION find_plan_runs(wanted bigint, above bigint, below bigint, states text[], causes text[], since timestamptz,
                               until timestamptz, most bigint)
    RETURNS TABLE (run bigint, day date, state text, cause text, queued_at timestamptz, ended_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 20 SET plan_cache_mode TO 'force_custom_plan' AS $_$
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
        SELECT kept_week.* FROM kept_week JOIN plan USING (environment_id)
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
COMMENT ON FUNCTION find_plan_runs(bigint, bigint, bigint, text[], text[], timestamptz, timestamptz, bigint) IS 'The newest runs of a plan that were started by themselves are among these, as many as wanted, with ids between above and below; weeks that can hold none that is newer than those found are left alone. day: under which it is kept, NULL if it is live. The caller puts them in order.';

-- Sequential scans are off below, because the planner does not know which run it will be asked for: where one run has written
-- most of the lines that there are, it would read all of them for each of the others.

CREATE FUNCTION find_members(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint)
    RETURNS TABLE (member kept_run, has_rows boolean)
    LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode TO 'force_custom_plan' SET enable_seqscan TO 'off' AS $_$
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
COMMENT ON FUNCTION find_members(bigint, bigint, date, bigint[], bigint) IS 'An outermost run and every run below it, in the order they were made, of some workspaces only; day: under which they are kept, NULL if they are live. has_rows: it succeeded, although it kept rows that a check returned.';

CREATE FUNCTION find_tree_log(wanted bigint, environment bigint, day date, workspaces bigint[], most bigint) RETURNS SETOF kept_log
    LANGUAGE plpgsql STABLE SET plan_cache_mode TO 'force_custom_plan' SET enable_seqscan TO 'off' AS $_$
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
COMMENT ON FUNCTION find_tree_log(bigint, bigint, date, bigint[], bigint) IS 'What an outermost run and the runs below it have in their logs, run by run in the order they were made, until there are enough lines. What was written while they were being moved stayed behind and is read as well.';
