-- What all migrations together make. Written by `python -m tools.schema`; change it by a migration.

CREATE TABLE app_user (
    id bigint NOT NULL,
    name text NOT NULL,
    administrator boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT app_user_name_check CHECK ((name <> ''::text))
);

ALTER TABLE app_user ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME app_user_id_seq
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
    prefix text NOT NULL,
    suffix text NOT NULL,
    digest bytea NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT credential_description_check CHECK ((length(description) <= 100)),
    CONSTRAINT credential_kind_check CHECK ((kind = ANY (ARRAY['api_key'::text, 'local'::text])))
);

ALTER TABLE credential ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME credential_id_seq
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
    CONSTRAINT environment_keep_findings_days_check CHECK ((keep_findings_days > 0)),
    CONSTRAINT environment_keep_logs_days_check CHECK ((keep_logs_days > 0)),
    CONSTRAINT environment_keep_runs_days_check CHECK ((keep_runs_days > 0)),
    CONSTRAINT environment_name_check CHECK ((name <> ''::text)),
    CONSTRAINT environment_stage_check CHECK ((stage = ANY (ARRAY['production'::text, 'test'::text, 'development'::text])))
);

COMMENT ON COLUMN environment.stage IS 'Which of the three stages known to other tools this environment is; none for others.';

COMMENT ON COLUMN environment.parameters IS 'Name to value: what tasks of this environment get for the parameters they declare.';

COMMENT ON COLUMN environment.keep_runs_days IS 'How long ended runs are kept; NULL for ever. Logs and findings may be kept for less.';

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

CREATE TABLE plan (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    description text,
    version integer NOT NULL,
    graph_id bigint NOT NULL,
    overlap text DEFAULT 'forbid'::text NOT NULL,
    disabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_timeout_s double precision,
    retries jsonb DEFAULT '{}'::jsonb NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    paused_at timestamp with time zone,
    paused_by text,
    pause_note text,
    CONSTRAINT plan_name_check CHECK ((name <> ''::text)),
    CONSTRAINT plan_overlap_check CHECK ((overlap = ANY (ARRAY['forbid'::text, 'parallel'::text, 'queue'::text]))),
    CONSTRAINT plan_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT plan_run_timeout_s_check CHECK ((run_timeout_s > (0)::double precision))
);

ALTER TABLE plan ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plan_member (
    plan_id bigint NOT NULL,
    task_id bigint NOT NULL,
    "position" integer NOT NULL
);

COMMENT ON TABLE plan_member IS 'The tasks of the current version of each plan, in the order of its steps.';

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
    CONSTRAINT run_cause_check CHECK ((cause = ANY (ARRAY['api'::text, 'plan'::text, 'schedule'::text]))),
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

CREATE TABLE task (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    type text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    description text,
    config json NOT NULL,
    uses text[] DEFAULT '{}'::text[] NOT NULL,
    graph_id bigint,
    timeout_s double precision,
    retries jsonb DEFAULT '{}'::jsonb NOT NULL,
    overlap text DEFAULT 'forbid'::text NOT NULL,
    disabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_timeout_s double precision,
    priority integer DEFAULT 0 NOT NULL,
    pool_id bigint,
    paused_at timestamp with time zone,
    paused_by text,
    pause_note text,
    CONSTRAINT task_name_check CHECK ((name <> ''::text)),
    CONSTRAINT task_overlap_check CHECK ((overlap = ANY (ARRAY['forbid'::text, 'parallel'::text, 'queue'::text]))),
    CONSTRAINT task_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT task_run_timeout_s_check CHECK ((run_timeout_s > (0)::double precision)),
    CONSTRAINT task_timeout_s_check CHECK ((timeout_s > (0)::double precision))
);

COMMENT ON COLUMN task.number IS 'Unique within a type; the same task in another environment has the same number.';

COMMENT ON COLUMN task.uses IS 'The names of the connections its config refers to.';

COMMENT ON COLUMN task.graph_id IS 'For composite types: the steps it consists of.';

COMMENT ON COLUMN task.parameters IS 'Name to what is declared of it: type, default, whether it is required, description.';

COMMENT ON COLUMN task.run_timeout_s IS 'Seconds from the request to the end of a run, retries and waits included.';

CREATE TABLE workspace (
    id bigint NOT NULL,
    environment_id bigint NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    description text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT workspace_key_check CHECK (((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text) AND (key <> 'all'::text))),
    CONSTRAINT workspace_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN workspace.key IS 'The same key in two environments is the same workspace at two stages.';

CREATE VIEW run_seen AS
 SELECT run.id AS run,
    run.state,
    run.reason,
    run.message,
    run.attempt,
    run.due_at,
    run.queued_at,
    run.started_at,
    run.ended_at,
    run.parent_run_id AS parent,
    run.root_run_id AS root,
    run.step,
    run.handler,
    run.row_count,
    run.counts,
    run.cancel_requested_at,
    run.plan_version,
    run.graph_id AS graph,
    run.workspace_id,
        CASE
            WHEN (run.plan_id IS NULL) THEN 'task'::text
            ELSE 'plan'::text
        END AS kind,
    task.type AS task_type,
    COALESCE(task.number, plan.number) AS number,
    COALESCE(task.name, plan.name) AS name,
    workspace.key AS workspace,
    environment.name AS environment,
    run.priority,
    run.hold,
    run.deadline_at,
    run.cause,
    run.parameters,
    run.rerun_of
   FROM ((((run
     JOIN workspace ON ((workspace.id = run.workspace_id)))
     JOIN environment ON ((environment.id = run.environment_id)))
     LEFT JOIN task ON ((task.id = run.task_id)))
     LEFT JOIN plan ON ((plan.id = run.plan_id)));

COMMENT ON VIEW run_seen IS 'A run as it is shown, with the names of what it ran and where; whoever selects from it checks the viewer.';

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

ALTER TABLE task ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW task_standing AS
 SELECT task.id AS task_id,
        CASE
            WHEN task.disabled THEN 'disabled'::text
            WHEN (live.state = 'QUEUED'::text) THEN 'queued'::text
            WHEN (live.state IS NOT NULL) THEN 'running'::text
            WHEN (last.state = ANY (ARRAY['FAILED'::text, 'CANCELLED'::text])) THEN 'failed'::text
            WHEN ((last.state = 'SUCCEEDED'::text) AND (task.changed_at <= COALESCE(last.started_at, last.ended_at))) THEN 'succeeded'::text
            ELSE 'outdated'::text
        END AS standing,
    COALESCE(live.started_at, last.started_at) AS started_at,
        CASE
            WHEN (live.started_at IS NULL) THEN last.ended_at
            ELSE NULL::timestamp with time zone
        END AS ended_at,
    last.started_at AS last_started_at,
    last.ended_at AS last_ended_at
   FROM ((task
     LEFT JOIN LATERAL ( SELECT run.state,
            COALESCE(run.started_at,
                CASE
                    WHEN (run.state <> 'QUEUED'::text) THEN run.queued_at
                    ELSE NULL::timestamp with time zone
                END) AS started_at
           FROM run
          WHERE ((run.task_id = task.id) AND (run.state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])))
          ORDER BY (run.state = 'QUEUED'::text), run.id DESC
         LIMIT 1) live ON (true))
     LEFT JOIN LATERAL ( SELECT run.state,
            run.started_at,
            run.ended_at
           FROM run
          WHERE ((run.task_id = task.id) AND (run.state = ANY (ARRAY['SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
          ORDER BY run.id DESC
         LIMIT 1) last ON (true));

COMMENT ON VIEW task_standing IS 'How a task stands: its live run goes before the ended one; outdated if it changed since its last success, or never ran.';

CREATE TABLE trigger_key (
    scope text NOT NULL,
    key text NOT NULL,
    run_id bigint NOT NULL,
    task_id bigint,
    plan_id bigint,
    created_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE trigger_key IS 'The run that a key started: a user''s idempotency key, or a schedule and the time it fired for.';

CREATE TABLE workspace_grant (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    workspace_key text NOT NULL,
    environment_id bigint,
    permissions text[] NOT NULL,
    CONSTRAINT workspace_grant_permissions_check CHECK ((permissions <@ ARRAY['VIEW'::text, 'EXECUTE'::text, 'AUTHOR'::text, 'PUBLISH'::text, 'MANAGE'::text]))
);

COMMENT ON COLUMN workspace_grant.environment_id IS 'NULL: the workspace of this key in every environment.';

CREATE VIEW workspace_access AS
 SELECT w.id AS workspace_id,
    u.id AS user_id,
    ARRAY['VIEW'::text, 'EXECUTE'::text, 'AUTHOR'::text, 'PUBLISH'::text, 'MANAGE'::text] AS permissions
   FROM workspace w,
    app_user u
  WHERE (u.administrator AND u.active)
UNION ALL
 SELECT w.id AS workspace_id,
    g.user_id,
    g.permissions
   FROM ((workspace w
     JOIN workspace_grant g ON (((g.workspace_key = w.key) AND ((g.environment_id IS NULL) OR (g.environment_id = w.environment_id)))))
     JOIN app_user u ON (((u.id = g.user_id) AND u.active)));

COMMENT ON VIEW workspace_access IS 'Who may do what where: every statement that reads or changes for somebody joins it.';

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
    ADD CONSTRAINT app_user_name_key UNIQUE (name);

ALTER TABLE ONLY app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_digest_key UNIQUE (digest);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (id);

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

ALTER TABLE ONLY migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY number_series
    ADD CONSTRAINT number_series_pkey PRIMARY KEY (name);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_environment_id_number_key UNIQUE (environment_id, number);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_pkey PRIMARY KEY (plan_id, task_id);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_pkey PRIMARY KEY (plan_id, version);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_environment_id_name_key UNIQUE (environment_id, name);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_pkey PRIMARY KEY (id);

ALTER TABLE ONLY run_log
    ADD CONSTRAINT run_log_pkey PRIMARY KEY (run_id, seq);

ALTER TABLE ONLY run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY server_session
    ADD CONSTRAINT server_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY step_run
    ADD CONSTRAINT step_run_pkey PRIMARY KEY (run_id, step, handler);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_environment_id_type_number_key UNIQUE (environment_id, type, number);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY trigger_key
    ADD CONSTRAINT trigger_key_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_environment_id_key_key UNIQUE (environment_id, key);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_user_id_workspace_key_environment_id_key UNIQUE NULLS NOT DISTINCT (user_id, workspace_key, environment_id);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_pkey PRIMARY KEY (id);

CREATE INDEX credential_prefix ON credential USING btree (prefix) WHERE (deleted_at IS NULL);

CREATE INDEX plan_member_task ON plan_member USING btree (task_id);

CREATE UNIQUE INDEX run_alone_of_plan ON run USING btree (plan_id) WHERE (alone AND (plan_id IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE UNIQUE INDEX run_alone_of_task ON run USING btree (task_id) WHERE (alone AND (task_id IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_children ON run USING btree (parent_run_id, id) WHERE (parent_run_id IS NOT NULL);

CREATE INDEX run_deadline ON run USING btree (deadline_at) WHERE ((deadline_at IS NOT NULL) AND (cancel_requested_at IS NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_due ON run USING btree (due_at) WHERE ((state = 'QUEUED'::text) AND (hold = 'due'::text));

CREATE INDEX run_held ON run USING btree (session_id) WHERE ((state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])) AND (graph_id IS NULL));

CREATE INDEX run_held_by_pause ON run USING btree (id) WHERE ((state = 'QUEUED'::text) AND (hold = 'paused'::text));

CREATE INDEX run_held_by_plan ON run USING btree (plan_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'plan'::text));

CREATE INDEX run_held_by_pool ON run USING btree (pool_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'pool'::text));

CREATE INDEX run_held_by_task ON run USING btree (task_id, priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold = 'task'::text));

CREATE INDEX run_history_of_task ON run USING btree (task_id, started_at DESC, id DESC) WHERE ((task_id IS NOT NULL) AND (started_at IS NOT NULL));

CREATE INDEX run_live_of_plan ON run USING btree (plan_id, state) WHERE ((plan_id IS NOT NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_live_of_task ON run USING btree (task_id, state) WHERE ((task_id IS NOT NULL) AND (state = ANY (ARRAY['QUEUED'::text, 'CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX run_of_plan ON run USING btree (plan_id, id DESC) WHERE (plan_id IS NOT NULL);

CREATE INDEX run_of_root ON run USING btree (root_run_id, id) WHERE (root_run_id IS NOT NULL);

CREATE INDEX run_of_task ON run USING btree (task_id, id DESC) WHERE (task_id IS NOT NULL);

CREATE INDEX run_of_workspace ON run USING btree (workspace_id, id DESC) WHERE (parent_run_id IS NULL);

CREATE INDEX run_ready ON run USING btree (priority DESC, id) WHERE ((state = 'QUEUED'::text) AND (hold IS NULL) AND (graph_id IS NULL));

CREATE INDEX run_ready_plan ON run USING btree (id) WHERE ((state = 'QUEUED'::text) AND (hold IS NULL) AND (graph_id IS NOT NULL));

CREATE UNIQUE INDEX run_slot_of_pool ON run USING btree (pool_id, pool_slot) WHERE ((pool_slot IS NOT NULL) AND (state = ANY (ARRAY['CLAIMED'::text, 'RUNNING'::text])));

CREATE INDEX step_run_running ON step_run USING btree (run_id, step) WHERE (state = 'running'::text);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY credential
    ADD CONSTRAINT credential_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan(id);

ALTER TABLE ONLY plan_member
    ADD CONSTRAINT plan_member_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_created_by_fkey FOREIGN KEY (created_by) REFERENCES app_user(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY plan_version
    ADD CONSTRAINT plan_version_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan(id);

ALTER TABLE ONLY plan
    ADD CONSTRAINT plan_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY pool
    ADD CONSTRAINT pool_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_graph_id_fkey FOREIGN KEY (graph_id) REFERENCES graph(id);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES pool(id);

ALTER TABLE ONLY task
    ADD CONSTRAINT task_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE ONLY workspace
    ADD CONSTRAINT workspace_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environment(id);

ALTER TABLE ONLY workspace_grant
    ADD CONSTRAINT workspace_grant_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id);
