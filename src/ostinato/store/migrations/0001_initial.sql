-- Everything the first version stores. States, reasons and conditions repeat the enums of the core; a test compares them.

CREATE SEQUENCE lease_token AS bigint;

CREATE TABLE environment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name <> ''),
    stage       text UNIQUE CHECK (stage IN ('production', 'test', 'development')),
    description text,
    created_at  timestamptz NOT NULL
);
COMMENT ON COLUMN environment.stage IS 'Which of the three stages known to other tools this environment is; none for others.';

CREATE TABLE workspace (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment,
    key            text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$' AND key <> 'all'),
    name           text NOT NULL CHECK (name <> ''),
    description    text,
    created_at     timestamptz NOT NULL,
    UNIQUE (environment_id, key)
);
COMMENT ON COLUMN workspace.key IS 'The same key in two environments is the same workspace at two stages.';

CREATE TABLE app_user (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name <> ''),
    administrator boolean NOT NULL DEFAULT false,
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL
);

CREATE TABLE workspace_grant (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id        bigint NOT NULL REFERENCES app_user,
    workspace_key  text NOT NULL,
    environment_id bigint REFERENCES environment,
    permissions    text[] NOT NULL CHECK (permissions <@ ARRAY['VIEW', 'EXECUTE', 'AUTHOR', 'PUBLISH', 'MANAGE']),
    UNIQUE NULLS NOT DISTINCT (user_id, workspace_key, environment_id)
);
COMMENT ON COLUMN workspace_grant.environment_id IS 'NULL: the workspace of this key in every environment.';

CREATE VIEW workspace_access AS
SELECT w.id AS workspace_id, u.id AS user_id, ARRAY['VIEW', 'EXECUTE', 'AUTHOR', 'PUBLISH', 'MANAGE'] AS permissions
  FROM workspace w, app_user u
 WHERE u.administrator AND u.active
 UNION ALL
SELECT w.id, g.user_id, g.permissions
  FROM workspace w
  JOIN workspace_grant g ON g.workspace_key = w.key AND (g.environment_id IS NULL OR g.environment_id = w.environment_id)
  JOIN app_user u ON u.id = g.user_id AND u.active;
COMMENT ON VIEW workspace_access IS 'Who may do what where: every statement that reads or changes for somebody joins it.';

CREATE TABLE credential (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES app_user,
    kind         text NOT NULL CHECK (kind IN ('api_key', 'local')),
    prefix       text NOT NULL,
    suffix       text NOT NULL,
    digest       bytea NOT NULL UNIQUE,
    description  text NOT NULL CHECK (length(description) <= 100),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    deleted_at   timestamptz
);
CREATE INDEX credential_prefix ON credential (prefix) WHERE deleted_at IS NULL;

CREATE TABLE number_series (
    name text PRIMARY KEY,
    last integer NOT NULL
);
COMMENT ON TABLE number_series IS 'Hands out the small integers by which tasks (one series per type) and plans are known outside.';

CREATE TABLE connection (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text NOT NULL CHECK (name <> ''),
    type         text NOT NULL,
    description  text,
    config       json NOT NULL,
    secrets      jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, name)
);
COMMENT ON COLUMN connection.config IS 'json and not jsonb: what people wrote comes back in the order they wrote it.';
COMMENT ON COLUMN connection.secrets IS 'Field name to ciphertext; the key is never in this database.';

CREATE TABLE graph (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    body   jsonb NOT NULL
);
COMMENT ON TABLE graph IS 'Immutable step graphs; versions of plans and runs point here, so a running plan cannot change.';

CREATE TABLE task (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment,
    workspace_id   bigint NOT NULL REFERENCES workspace,
    type           text NOT NULL,
    number         integer NOT NULL,
    name           text NOT NULL CHECK (name <> ''),
    description    text,
    config         json NOT NULL,
    uses           text[] NOT NULL DEFAULT '{}',
    graph_id       bigint REFERENCES graph,
    timeout_s      double precision CHECK (timeout_s > 0),
    retries        jsonb NOT NULL DEFAULT '{}',
    overlap        text NOT NULL DEFAULT 'forbid' CHECK (overlap IN ('forbid', 'parallel')),
    disabled       boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    UNIQUE (workspace_id, name),
    UNIQUE (environment_id, type, number)
);
COMMENT ON COLUMN task.number IS 'Unique within a type; the same task in another environment has the same number.';
COMMENT ON COLUMN task.uses IS 'The names of the connections its config refers to.';
COMMENT ON COLUMN task.graph_id IS 'For composite types: the steps it consists of.';

CREATE TABLE plan (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment,
    workspace_id   bigint NOT NULL REFERENCES workspace,
    number         integer NOT NULL,
    name           text NOT NULL CHECK (name <> ''),
    description    text,
    version        integer NOT NULL,
    graph_id       bigint NOT NULL REFERENCES graph,
    overlap        text NOT NULL DEFAULT 'forbid' CHECK (overlap IN ('forbid', 'parallel')),
    disabled       boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    UNIQUE (workspace_id, name),
    UNIQUE (environment_id, number)
);

CREATE TABLE plan_version (
    plan_id    bigint NOT NULL REFERENCES plan,
    version    integer NOT NULL,
    graph_id   bigint NOT NULL REFERENCES graph,
    created_at timestamptz NOT NULL,
    created_by bigint REFERENCES app_user,
    PRIMARY KEY (plan_id, version)
);

CREATE TABLE plan_member (
    plan_id  bigint NOT NULL REFERENCES plan,
    task_id  bigint NOT NULL REFERENCES task,
    position integer NOT NULL,
    PRIMARY KEY (plan_id, task_id)
);
CREATE INDEX plan_member_task ON plan_member (task_id);
COMMENT ON TABLE plan_member IS 'The tasks of the current version of each plan, in the order of its steps.';

CREATE TABLE server_session (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host        text NOT NULL,
    pid         integer NOT NULL,
    started_at  timestamptz NOT NULL,
    alive_until timestamptz NOT NULL
);
COMMENT ON TABLE server_session IS 'One life of a server. It renews alive_until for all its attempts at once; past it, they are lost.';

CREATE TABLE run (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id      bigint NOT NULL REFERENCES environment,
    workspace_id        bigint NOT NULL REFERENCES workspace,
    task_id             bigint REFERENCES task,
    plan_id             bigint REFERENCES plan,
    plan_version        integer,
    graph_id            bigint REFERENCES graph,
    parent_run_id       bigint REFERENCES run,
    root_run_id         bigint REFERENCES run,
    step                integer,
    handler             boolean NOT NULL DEFAULT false,
    state               text NOT NULL
                        CHECK (state IN ('QUEUED', 'CLAIMED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    reason              text
                        CHECK (reason IN ('error', 'check_failed', 'exit_code', 'timeout', 'lost', 'shutdown',
                                          'step_failed', 'cancel_requested', 'invalid')),
    message             text,
    due_at              timestamptz NOT NULL,
    attempt             integer NOT NULL DEFAULT 0,
    losses              integer NOT NULL DEFAULT 0,
    lease               bigint,
    session_id          bigint REFERENCES server_session,
    cancel_requested_at timestamptz,
    active_steps        integer NOT NULL DEFAULT 0,
    failed_steps        integer NOT NULL DEFAULT 0,
    row_count           bigint,
    counts              jsonb,
    queued_at           timestamptz NOT NULL,
    started_at          timestamptz,
    ended_at            timestamptz,
    cause               text NOT NULL CHECK (cause IN ('api', 'plan')),
    requested_by        bigint REFERENCES app_user,
    idempotency_key     text,
    CHECK (num_nonnulls(task_id, plan_id) = 1),
    CHECK ((ended_at IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
    CHECK ((lease IS NOT NULL) = (graph_id IS NULL AND state IN ('CLAIMED', 'RUNNING'))),
    CHECK ((parent_run_id IS NULL) = (step IS NULL))
);
COMMENT ON COLUMN run.graph_id IS 'The steps of a plan or composite task; NULL for work that a worker does.';
COMMENT ON COLUMN run.lease IS 'Fencing token of the attempt at work; whoever reports with another one changes nothing.';
CREATE INDEX run_ready ON run (due_at, id) WHERE state = 'QUEUED';
CREATE INDEX run_held ON run (session_id) WHERE state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL;
CREATE INDEX run_of_task ON run (task_id, id DESC) WHERE task_id IS NOT NULL;
CREATE INDEX run_history_of_task ON run (task_id, started_at DESC, id DESC) WHERE task_id IS NOT NULL AND started_at IS NOT NULL;
CREATE INDEX run_of_plan ON run (plan_id, id DESC) WHERE plan_id IS NOT NULL;
CREATE INDEX run_children ON run (parent_run_id, id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX run_of_workspace ON run (workspace_id, id DESC) WHERE parent_run_id IS NULL;
CREATE INDEX run_live_of_task ON run (task_id) WHERE task_id IS NOT NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING');
CREATE INDEX run_live_of_plan ON run (plan_id) WHERE plan_id IS NOT NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING');
CREATE UNIQUE INDEX run_idempotency ON run (requested_by, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE step_run (
    run_id    bigint NOT NULL REFERENCES run,
    step      integer NOT NULL,
    handler   boolean NOT NULL DEFAULT false,
    state     text NOT NULL CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    condition text NOT NULL CHECK (condition IN ('all_succeeded', 'at_least_one_succeeded', 'always_proceed')),
    needed    integer NOT NULL,
    pending   integer NOT NULL,
    open      integer NOT NULL DEFAULT 0,
    succeeded integer NOT NULL DEFAULT 0,
    failed    integer NOT NULL DEFAULT 0,
    cancelled integer NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, step, handler)
);
COMMENT ON TABLE step_run IS 'A step of a running plan, from the moment the first step before it has ended.';

CREATE TABLE run_log (
    run_id  bigint NOT NULL REFERENCES run,
    seq     bigint GENERATED ALWAYS AS IDENTITY,
    attempt integer NOT NULL,
    at      timestamptz NOT NULL,
    line    text NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE finding (
    run_id   bigint NOT NULL REFERENCES run,
    position integer NOT NULL,
    kind     text NOT NULL,
    row      json NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX run_of_root ON run (root_run_id, id) WHERE root_run_id IS NOT NULL;
CREATE INDEX run_live_top ON run (id) WHERE state IN ('QUEUED', 'CLAIMED', 'RUNNING');

CREATE VIEW task_standing AS
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
           SELECT run.state, run.started_at, run.ended_at
             FROM run
            WHERE run.task_id = task.id AND run.state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
            ORDER BY run.id DESC
            LIMIT 1) AS last ON true;
COMMENT ON VIEW task_standing IS 'How a task stands: its live run goes before the ended one; outdated if it changed since its last success, or never ran.';

CREATE VIEW run_seen AS
SELECT run.id AS run, run.state, run.reason, run.message, run.attempt, run.due_at, run.queued_at, run.started_at,
       run.ended_at, run.parent_run_id AS parent, run.root_run_id AS root, run.step, run.handler, run.row_count,
       run.counts, run.cancel_requested_at, run.plan_version, run.graph_id AS graph, run.workspace_id,
       CASE WHEN run.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind,
       task.type AS task_type, COALESCE(task.number, plan.number) AS number, COALESCE(task.name, plan.name) AS name,
       workspace.key AS workspace, environment.name AS environment
  FROM run
  JOIN workspace ON workspace.id = run.workspace_id
  JOIN environment ON environment.id = run.environment_id
  LEFT JOIN task ON task.id = run.task_id
  LEFT JOIN plan ON plan.id = run.plan_id;
COMMENT ON VIEW run_seen IS 'A run as it is shown, with the names of what it ran and where; whoever selects from it checks the viewer.';
