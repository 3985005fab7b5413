-- Webhooks: who is told of which runs, what they were told, and how far the runs have been looked at.

CREATE TABLE webhook (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_key    text,
    environment_id   bigint REFERENCES environment,
    description      text,
    url              text NOT NULL,
    shown_url        text NOT NULL,
    secret           text NOT NULL,
    old_secret       text,
    old_secret_until timestamptz,
    events           text[] NOT NULL
                     CHECK (events <> '{}' AND events <@ ARRAY['run.started', 'run.succeeded', 'run.failed', 'run.cancelled', 'run.misfired']),
    names            text[] CHECK (names <> '{}'),
    tasks            boolean NOT NULL DEFAULT false,
    active           boolean NOT NULL DEFAULT true,
    since            timestamptz NOT NULL,
    failing_since    timestamptz,
    disabled_reason  text,
    created_at       timestamptz NOT NULL,
    created_by       bigint NOT NULL REFERENCES app_user,
    changed_at       timestamptz NOT NULL,
    CHECK ((old_secret IS NULL) = (old_secret_until IS NULL)),
    CHECK (disabled_reason IS NULL OR NOT active)
);
COMMENT ON COLUMN webhook.workspace_key IS 'NULL: every workspace, those to come as well.';
COMMENT ON COLUMN webhook.environment_id IS 'NULL: in every environment.';
COMMENT ON COLUMN webhook.url IS 'Ciphertext, as secret and old_secret: paths and queries of such addresses often are secrets.';
COMMENT ON COLUMN webhook.names IS 'The names of the tasks and plans it is about; NULL: all.';
COMMENT ON COLUMN webhook.tasks IS 'Whether runs of tasks inside of plans count.';
COMMENT ON COLUMN webhook.since IS 'When it became active: what happened before is not told.';
COMMENT ON COLUMN webhook.failing_since IS 'The first failure after the last success.';

CREATE TABLE webhook_delivery (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id    bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
    message       text NOT NULL UNIQUE,
    event         text NOT NULL,
    run_id        bigint,
    body          text NOT NULL,
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'succeeded', 'failed', 'dropped')),
    attempts      integer NOT NULL DEFAULT 0,
    failures      integer NOT NULL DEFAULT 0,
    due_at        timestamptz,
    claimed_until timestamptz,
    status        integer,
    error         text,
    answer        text,
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    ended_at      timestamptz,
    UNIQUE (run_id, event, webhook_id),
    CHECK ((due_at IS NOT NULL) = (state = 'waiting')),
    CHECK ((ended_at IS NULL) = (state = 'waiting'))
);
COMMENT ON COLUMN webhook_delivery.message IS 'What the receiver knows it by: the same at every attempt.';
COMMENT ON COLUMN webhook_delivery.run_id IS 'NULL: a ping.';
COMMENT ON COLUMN webhook_delivery.body IS 'Written once, so that every attempt sends the same.';
COMMENT ON COLUMN webhook_delivery.attempts IS 'The attempt that is claimed: one that comes back later than another was made changes nothing.';
COMMENT ON COLUMN webhook_delivery.failures IS 'Of its attempts, those since it was last made to wait by somebody.';
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at, id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (webhook_id) WHERE claimed_until IS NOT NULL;
CREATE INDEX webhook_delivery_newest ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);

CREATE TABLE webhook_look (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    until_at timestamptz NOT NULL DEFAULT 'epoch',
    swept_at timestamptz NOT NULL DEFAULT 'epoch'
);
COMMENT ON TABLE webhook_look IS 'How far the ended runs have been looked at for webhooks; whoever has locked the row looks. What it passes over is found by the next sweep, or at the border to history at the latest.';
COMMENT ON COLUMN webhook_look.swept_at IS 'When every live run was last looked at, however long ago it ended.';
INSERT INTO webhook_look DEFAULT VALUES;

CREATE VIEW webhook_place AS
SELECT webhook.id AS webhook_id, workspace.id AS workspace_id, webhook.events, webhook.names, webhook.tasks, webhook.since
  FROM webhook
  JOIN workspace ON (webhook.workspace_key IS NULL OR webhook.workspace_key = workspace.key)
                AND (webhook.environment_id IS NULL OR webhook.environment_id = workspace.environment_id)
 WHERE webhook.active;
COMMENT ON VIEW webhook_place IS 'The workspaces whose runs active webhooks tell of.';

CREATE FUNCTION untold(run) RETURNS TABLE (webhook bigint, run bigint, event text, at timestamptz) LANGUAGE sql STABLE ROWS 1 AS $$
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
        OR COALESCE((SELECT task.name FROM task WHERE task.id = $1.task_id), (SELECT plan.name FROM plan WHERE plan.id = $1.plan_id))
           = ANY(place.names))
   AND NOT EXISTS (SELECT
                     FROM webhook_delivery AS told
                    WHERE told.run_id = $1.id AND told.event = happened.event AND told.webhook_id + 0 = place.webhook_id
                   OFFSET 0)
$$;
COMMENT ON FUNCTION untold(run) IS 'What happened to a run, and has to be told to whom, and is not in the queue yet. A misfire is its own event and not a failure as well. OFFSET 0 and + 0 keep the planner from reading the whole queue of a webhook, as it would while the table is new, instead of asking for one run.';

CREATE FUNCTION live_runs(wanted bigint[]) RETURNS SETOF kept_run LANGUAGE sql STABLE ROWS 100 AS $$
SELECT NULL::date, run.* FROM run WHERE run.id = ANY(wanted)
$$;
COMMENT ON FUNCTION live_runs IS 'These runs, as far as they are live, in the form in which run_seen takes them.';
