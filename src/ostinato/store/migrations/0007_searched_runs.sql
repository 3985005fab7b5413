-- Runs found by what is known of them: when they were asked for, of what, why, by whom, and by words in them.

DO $$
DECLARE
    rules text := COALESCE((SELECT format('COLLATE %I', collname) FROM pg_collation
                             WHERE collname IN ('pg_c_utf8', 'und-x-icu') AND collnamespace = 'pg_catalog'::regnamespace
                             ORDER BY collname LIMIT 1), '');
BEGIN
    EXECUTE format('CREATE FUNCTION in_small_letters(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE'
                   ' AS $body$SELECT lower($1 %s)$body$', rules);
END $$;
COMMENT ON FUNCTION in_small_letters(text) IS 'For comparing without regard to case, also beyond ASCII, whatever the locale of the database is.';

CREATE FUNCTION find_wanted_runs(
    workspaces bigint[], before bigint, states text[], begin_at timestamptz, end_at timestamptz, types text[], called text,
    why text, asked_by text, words text, most bigint
) RETURNS SETOF kept_run
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
        tasks := ARRAY(SELECT id FROM task WHERE (types IS NULL OR type = ANY(types)) AND (called IS NULL OR name = called));
        plans := ARRAY(SELECT id FROM plan WHERE (types IS NULL OR 'plan' = ANY(types)) AND (called IS NULL OR name = called));
    END IF;
    IF words IS NOT NULL THEN
        named_tasks := ARRAY(SELECT id FROM task WHERE strpos(in_small_letters(name), in_small_letters(words)) > 0);
        named_plans := ARRAY(SELECT id FROM plan WHERE strpos(in_small_letters(name), in_small_letters(words)) > 0);
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
COMMENT ON FUNCTION find_wanted_runs IS 'Runs started by themselves, live or kept, that match everything that is given (NULL: not given): the newest are among them, as many as wanted. From the newest week on, until no older one can hold a newer run; weeks that were over a day before begin_at are passed over. A type is one of tasks, or plan; words are looked for in names and messages. One text for both kinds, so that a filter means the same in history. Workspace and id are compared as a pair, as in find_old_runs.';
