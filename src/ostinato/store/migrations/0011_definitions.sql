-- What tools define beside files: owners and kinds of workspaces, tags, resources, projects, promotions; and tasks and plans
-- that are deleted while their runs are still told of.

ALTER TABLE environment ADD COLUMN max_cloud_engines integer NOT NULL DEFAULT 0 CHECK (max_cloud_engines >= 0);
COMMENT ON COLUMN environment.max_cloud_engines IS 'Kept and given back; 0: no bound.';

ALTER TABLE workspace
    ADD COLUMN kind       text NOT NULL DEFAULT 'custom' CHECK (kind IN ('custom', 'shared', 'personal')),
    ADD COLUMN owner_id   bigint REFERENCES app_user,
    ADD COLUMN protected  boolean NOT NULL DEFAULT false,
    ADD COLUMN changed_at timestamptz;
COMMENT ON COLUMN workspace.changed_at IS 'NULL: not since it was made.';
COMMENT ON COLUMN workspace.protected IS 'Its tasks take new versions by themselves only of artifacts that are published in it.';

ALTER TABLE task RENAME TO task_ever;
ALTER TABLE task_ever
    ADD COLUMN tags       text[] NOT NULL DEFAULT '{}',
    ADD COLUMN version    integer NOT NULL DEFAULT 1,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN is_there   boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    DROP CONSTRAINT task_workspace_id_name_key,
    DROP CONSTRAINT task_environment_id_type_number_key;
COMMENT ON COLUMN task_ever.version IS 'Grows with every change.';
COMMENT ON COLUMN task_ever.deleted_at IS 'Its runs are told of for as long as they are kept, under its name.';
COMMENT ON COLUMN task_ever.is_there IS 'For the view: of a table that was never analysed, the planner takes hardly any row to have no deleted_at, and goes through all tasks first.';
CREATE UNIQUE INDEX task_name ON task_ever (workspace_id, name) WHERE is_there;
CREATE UNIQUE INDEX task_number ON task_ever (environment_id, type, number) WHERE is_there;
CREATE INDEX task_tags ON task_ever USING gin (tags) WHERE is_there;
CREATE VIEW task AS SELECT * FROM task_ever WHERE is_there;
COMMENT ON VIEW task IS 'The tasks there are; what tells of runs, which outlive their tasks, takes task_ever.';

ALTER TABLE plan RENAME TO plan_ever;
ALTER TABLE plan_ever
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN is_there   boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    DROP CONSTRAINT plan_workspace_id_name_key,
    DROP CONSTRAINT plan_environment_id_number_key;
CREATE UNIQUE INDEX plan_name ON plan_ever (workspace_id, name) WHERE is_there;
CREATE UNIQUE INDEX plan_number ON plan_ever (environment_id, number) WHERE is_there;
CREATE VIEW plan AS SELECT * FROM plan_ever WHERE is_there;
COMMENT ON VIEW plan IS 'The plans there are; what tells of runs takes plan_ever.';

CREATE OR REPLACE FUNCTION run_seen(kept_run)
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
  JOIN (SELECT 'task' AS kind, id, type, number, name FROM task_ever
         UNION ALL
        SELECT 'plan', id, NULL, number, name FROM plan_ever) AS runnable
    ON runnable.kind = CASE WHEN $1.plan_id IS NULL THEN 'task' ELSE 'plan' END
   AND runnable.id = COALESCE($1.task_id, $1.plan_id)
 WHERE workspace.id = $1.workspace_id
$$;

CREATE TABLE resource (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text NOT NULL CHECK (name <> ''),
    description  text,
    is_file      boolean NOT NULL,
    file_name    text,
    digest       bytea NOT NULL CHECK (length(digest) = 32),
    size         bigint NOT NULL CHECK (size >= 0),
    created_at   timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, name)
);
COMMENT ON TABLE resource IS 'A file, or a folder that comes as a zip, for tasks that name it.';
COMMENT ON COLUMN resource.digest IS 'SHA-256 of the content, under which the object store has it.';
CREATE INDEX resource_digest ON resource (digest);

CREATE TABLE task_resource (
    task_id     bigint NOT NULL REFERENCES task_ever ON DELETE CASCADE,
    parameter   text NOT NULL,
    resource_id bigint NOT NULL REFERENCES resource,
    PRIMARY KEY (task_id, parameter)
);
COMMENT ON TABLE task_resource IS 'The resources that the configs of tasks name, and under which names their runs get them.';
CREATE INDEX task_resource_resource ON task_resource (resource_id);

CREATE TABLE project (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name <> ''),
    label       text NOT NULL UNIQUE,
    description text,
    url         text NOT NULL,
    owner_id    bigint NOT NULL REFERENCES app_user,
    author_id   bigint NOT NULL REFERENCES app_user,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL
);
COMMENT ON TABLE project IS 'Where the sources of artifacts are kept, and who may work on them.';
COMMENT ON COLUMN project.label IS 'The name as tools need it: capital letters, digits and _.';

CREATE TABLE project_user (
    project_id bigint NOT NULL REFERENCES project ON DELETE CASCADE,
    user_id    bigint NOT NULL REFERENCES app_user,
    PRIMARY KEY (project_id, user_id)
);
CREATE TABLE project_group (
    project_id bigint NOT NULL REFERENCES project ON DELETE CASCADE,
    group_id   bigint NOT NULL REFERENCES user_group ON DELETE CASCADE,
    PRIMARY KEY (project_id, group_id)
);

CREATE TABLE promotion (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   bigint NOT NULL REFERENCES environment,
    target_id   bigint NOT NULL REFERENCES environment,
    description text,
    created_by  bigint NOT NULL REFERENCES app_user,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    UNIQUE (source_id, target_id),
    CHECK (source_id <> target_id)
);
COMMENT ON TABLE promotion IS 'A way on which definitions go from one environment to another.';
CREATE INDEX promotion_target ON promotion (target_id);

CREATE TABLE promotion_user (
    promotion_id bigint NOT NULL REFERENCES promotion ON DELETE CASCADE,
    user_id      bigint NOT NULL REFERENCES app_user,
    PRIMARY KEY (promotion_id, user_id)
);
COMMENT ON TABLE promotion_user IS 'Users and service accounts that may carry it out.';

CREATE VIEW workspace_described AS
SELECT workspace.id, workspace.key, workspace.name, workspace.description, workspace.kind, owner.name AS owner,
       COALESCE(owner.full_name, owner.name) AS owner_full_name, workspace.protected, workspace.created_at,
       COALESCE(workspace.changed_at, workspace.created_at) AS changed_at,
       jsonb_build_object('id', environment.id, 'name', environment.name, 'description', environment.description,
                          'stage', environment.stage, 'max_cloud_engines', environment.max_cloud_engines,
                          'is_default', environment.id = (SELECT min(first.id) FROM environment AS first)) AS environment
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
  LEFT JOIN app_user AS owner ON owner.id = workspace.owner_id;
COMMENT ON VIEW workspace_described IS 'Workspaces as they are described wherever something is in one; whoever selects from it checks the viewer. The environment that was made first is the default one.';

CREATE FUNCTION remove_workspaces(gone bigint[]) RETURNS TABLE (digest bytea) LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION remove_workspaces IS 'Removes workspaces with everything in them, and the rights and webhooks there: those for a key in every environment with the last workspace of that key. The digests of what they had in the object store. Whoever calls has looked whether something else needs them. What is told of their runs goes with them.';

-- Environments as they are described wherever something names one; whoever selects from it checks the viewer.

CREATE VIEW environment_described AS
SELECT id, name, description, stage, max_cloud_engines,
       id = (SELECT min(first.id) FROM environment AS first) AS is_default
  FROM environment;
COMMENT ON VIEW environment_described IS 'The environment that was made first is the default one.';

-- What finds and tells of runs knows deleted tasks and plans as well.

CREATE OR REPLACE FUNCTION find_history(wanted bigint, most bigint) RETURNS SETOF kept_run LANGUAGE plpgsql STABLE ROWS 100
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
END $$;

CREATE OR REPLACE FUNCTION find_plan_runs(wanted bigint, above bigint, below bigint, states text[], causes text[], since timestamptz,
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

CREATE OR REPLACE FUNCTION find_wanted_runs(
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

CREATE OR REPLACE FUNCTION untold(run) RETURNS TABLE (webhook bigint, run bigint, event text, at timestamptz) LANGUAGE sql STABLE ROWS 1 AS $$
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
$$;

CREATE INDEX task_ever_number ON task_ever (workspace_id, type, number);
COMMENT ON INDEX task_ever_number IS 'By which the executions of a deleted task are still found.';
