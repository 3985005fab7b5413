-- Webhook triggers: addresses that start a task or plan when they are called, and the calls, which are collected in windows.

CREATE TABLE webhook_trigger (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id   bigint NOT NULL REFERENCES environment ON DELETE CASCADE,
    task_id          bigint REFERENCES task_ever ON DELETE CASCADE,
    plan_id          bigint REFERENCES plan_ever ON DELETE CASCADE,
    name             text NOT NULL CHECK (name <> ''),
    description      text,
    active           boolean NOT NULL,
    token            text NOT NULL,
    token_digest     bytea NOT NULL UNIQUE,
    old_token_digest bytea UNIQUE,
    old_token_until  timestamptz,
    secret           text,
    old_secret       text,
    old_secret_until timestamptz,
    calls            integer NOT NULL CHECK (calls BETWEEN 1 AND 1000),
    window_ms        bigint NOT NULL CHECK (window_ms BETWEEN 0 AND 86400000),
    per_minute       integer NOT NULL CHECK (per_minute BETWEEN 1 AND 6000),
    owner_id         bigint NOT NULL REFERENCES app_user,
    created_at       timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    CHECK (num_nonnulls(task_id, plan_id) = 1),
    CHECK ((old_token_digest IS NULL) = (old_token_until IS NULL)),
    CHECK ((old_secret IS NULL) = (old_secret_until IS NULL)),
    CHECK (secret IS NOT NULL OR old_secret IS NULL)
);
COMMENT ON TABLE webhook_trigger IS 'A task or plan has one at most.';
COMMENT ON COLUMN webhook_trigger.token IS 'What makes its address unguessable, as ciphertext; it is found by the digest.';
COMMENT ON COLUMN webhook_trigger.secret IS 'What calls are signed with, as ciphertext; NULL: they need no signature.';
COMMENT ON COLUMN webhook_trigger.calls IS 'After so many calls a run starts; or so long after the first of them.';
COMMENT ON COLUMN webhook_trigger.owner_id IS 'On whose behalf runs are started: whoever changed it last.';
CREATE UNIQUE INDEX webhook_trigger_task ON webhook_trigger (task_id) WHERE task_id IS NOT NULL;
CREATE UNIQUE INDEX webhook_trigger_plan ON webhook_trigger (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX webhook_trigger_environment ON webhook_trigger (environment_id, id DESC);

CREATE TABLE webhook_window (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_id bigint NOT NULL REFERENCES webhook_trigger ON DELETE CASCADE,
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    calls      integer NOT NULL,
    size       integer NOT NULL,
    closed     boolean NOT NULL,
    fired_at   timestamptz,
    run_id     bigint,
    misfired   boolean NOT NULL DEFAULT false,
    CHECK (closed OR fired_at IS NULL)
);
COMMENT ON TABLE webhook_window IS 'Calls that start one run together. Once it is closed no call joins it, and it is fired once.';
CREATE UNIQUE INDEX webhook_window_open ON webhook_window (trigger_id) WHERE NOT closed;
CREATE INDEX webhook_window_due ON webhook_window (due_at) WHERE fired_at IS NULL;
CREATE INDEX webhook_window_trigger ON webhook_window (trigger_id);
CREATE INDEX webhook_window_fired ON webhook_window (fired_at) WHERE fired_at IS NOT NULL;

CREATE TABLE webhook_call (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_id  bigint NOT NULL REFERENCES webhook_trigger ON DELETE CASCADE,
    window_id   bigint NOT NULL REFERENCES webhook_window ON DELETE CASCADE,
    key         text,
    received_at timestamptz NOT NULL,
    address     text,
    type        text NOT NULL,
    data        text NOT NULL
);
COMMENT ON COLUMN webhook_call.key IS 'What its sender knows it by: a repetition is the same call.';
CREATE UNIQUE INDEX webhook_call_key ON webhook_call (trigger_id, key) WHERE key IS NOT NULL;
CREATE INDEX webhook_call_received ON webhook_call (trigger_id, received_at);
CREATE INDEX webhook_call_window ON webhook_call (window_id, id);

CREATE FUNCTION let_webhook_trigger_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'task_ever' THEN
        DELETE FROM webhook_trigger WHERE task_id = NEW.id;
    ELSE
        DELETE FROM webhook_trigger WHERE plan_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION let_webhook_trigger_go() IS 'The address of a task or plan that is deleted starts nothing any more.';
CREATE TRIGGER task_has_no_address AFTER UPDATE OF deleted_at ON task_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_webhook_trigger_go();
CREATE TRIGGER plan_has_no_address AFTER UPDATE OF deleted_at ON plan_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_webhook_trigger_go();
