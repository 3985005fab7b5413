-- The engine's semantics: pools, priorities, holds, deadlines, parameters, pauses, re-runs, trigger keys, retention.

-- A run is history and outlives what it was a run of: it names things, it does not hold them.
-- The engine writes it from rows that exist, and does not check and lock nine of them again at every insert.
ALTER TABLE run
    DROP CONSTRAINT run_environment_id_fkey, DROP CONSTRAINT run_workspace_id_fkey, DROP CONSTRAINT run_task_id_fkey,
    DROP CONSTRAINT run_plan_id_fkey, DROP CONSTRAINT run_graph_id_fkey, DROP CONSTRAINT run_parent_run_id_fkey,
    DROP CONSTRAINT run_root_run_id_fkey, DROP CONSTRAINT run_session_id_fkey, DROP CONSTRAINT run_requested_by_fkey;
ALTER TABLE step_run DROP CONSTRAINT step_run_run_id_fkey;
ALTER TABLE run_log DROP CONSTRAINT run_log_run_id_fkey;
ALTER TABLE finding DROP CONSTRAINT finding_run_id_fkey;

ALTER TABLE environment
    ADD COLUMN parameters         jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN keep_runs_days     integer CHECK (keep_runs_days > 0),
    ADD COLUMN keep_logs_days     integer CHECK (keep_logs_days > 0),
    ADD COLUMN keep_findings_days integer CHECK (keep_findings_days > 0);
COMMENT ON COLUMN environment.parameters IS 'Name to value: what tasks of this environment get for the parameters they declare.';
COMMENT ON COLUMN environment.keep_runs_days IS 'How long ended runs are kept; NULL for ever. Logs and findings may be kept for less.';

CREATE TABLE pool (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment,
    name           text NOT NULL CHECK (name <> ''),
    description    text,
    slots          integer NOT NULL CHECK (slots >= 0),
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    UNIQUE (environment_id, name)
);
COMMENT ON TABLE pool IS 'How many attempts of the tasks that name it may be at work at once, whatever plans they are in.';

ALTER TABLE task
    ADD COLUMN parameters    jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN run_timeout_s double precision CHECK (run_timeout_s > 0),
    ADD COLUMN priority      integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -1000 AND 1000),
    ADD COLUMN pool_id       bigint REFERENCES pool,
    ADD COLUMN paused_at     timestamptz,
    ADD COLUMN paused_by     text,
    ADD COLUMN pause_note    text,
    DROP CONSTRAINT task_overlap_check,
    ADD CONSTRAINT task_overlap_check CHECK (overlap IN ('forbid', 'parallel', 'queue'));
COMMENT ON COLUMN task.parameters IS 'Name to what is declared of it: type, default, whether it is required, description.';
COMMENT ON COLUMN task.run_timeout_s IS 'Seconds from the request to the end of a run, retries and waits included.';

ALTER TABLE plan
    ADD COLUMN parameters    jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN run_timeout_s double precision CHECK (run_timeout_s > 0),
    ADD COLUMN retries       jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN priority      integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -1000 AND 1000),
    ADD COLUMN paused_at     timestamptz,
    ADD COLUMN paused_by     text,
    ADD COLUMN pause_note    text,
    DROP CONSTRAINT plan_overlap_check,
    ADD CONSTRAINT plan_overlap_check CHECK (overlap IN ('forbid', 'parallel', 'queue'));

ALTER TABLE server_session ADD COLUMN slots integer NOT NULL DEFAULT 0;

ALTER TABLE run
    ADD COLUMN priority      integer NOT NULL DEFAULT 0,
    ADD COLUMN hold          text CHECK (hold IN ('due', 'task', 'plan', 'pool', 'paused')),
    ADD COLUMN alone         boolean NOT NULL DEFAULT false,
    ADD COLUMN pool_id       bigint,
    ADD COLUMN pool_slot     integer,
    ADD COLUMN deadline_at   timestamptz,
    ADD COLUMN cancel_reason text CHECK (cancel_reason IN ('cancel_requested', 'timeout')),
    ADD COLUMN ended_lease   bigint,
    ADD COLUMN given_back    integer NOT NULL DEFAULT 0,
    ADD COLUMN parameters    jsonb,
    ADD COLUMN rerun_of      bigint,
    ADD COLUMN rerun_part    text CHECK (rerun_part IN ('all', 'from_step', 'failed')),
    ADD COLUMN rerun_step    text,
    DROP CONSTRAINT run_reason_check,
    ADD CONSTRAINT run_reason_check CHECK (reason IN ('error', 'check_failed', 'exit_code', 'timeout', 'lost', 'shutdown',
                                                      'step_failed', 'cancel_requested', 'invalid', 'misfired')),
    DROP CONSTRAINT run_cause_check,
    ADD CONSTRAINT run_cause_check CHECK (cause IN ('api', 'plan', 'schedule')),
    ADD CHECK (hold IS NULL OR state = 'QUEUED'),
    ADD CHECK ((pool_slot IS NULL) OR (pool_id IS NOT NULL)),
    ADD CHECK ((cancel_reason IS NULL) = (cancel_requested_at IS NULL));
COMMENT ON COLUMN run.hold IS 'What a queued run waits for; NULL: it is ready, a free worker slot takes it.';
COMMENT ON COLUMN run.alone IS 'At work, and no other run of the same task or plan may be.';
COMMENT ON COLUMN run.pool_slot IS 'The slot of the pool that a run at work holds: free again with the statement that ends the attempt.';
COMMENT ON COLUMN run.ended_lease IS 'The lease of the attempt that ended last: tells a report that came twice from one that came too late.';
COMMENT ON COLUMN run.given_back IS 'How often an attempt was given back and is not counted; attempt + given_back grows with every lease.';
COMMENT ON COLUMN run.parameters IS 'Values from the trigger and the plans around it; NULL: none.';

DROP INDEX run_ready, run_live_of_task, run_live_of_plan, run_live_top, run_idempotency;
CREATE INDEX run_ready ON run (priority DESC, id) WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NULL;
CREATE INDEX run_ready_plan ON run (id) WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NOT NULL;
CREATE INDEX run_due ON run (due_at) WHERE state = 'QUEUED' AND hold = 'due';
CREATE INDEX run_held_by_task ON run (task_id, priority DESC, id) WHERE state = 'QUEUED' AND hold = 'task';
CREATE INDEX run_held_by_plan ON run (plan_id, priority DESC, id) WHERE state = 'QUEUED' AND hold = 'plan';
CREATE INDEX run_held_by_pool ON run (pool_id, priority DESC, id) WHERE state = 'QUEUED' AND hold = 'pool';
CREATE INDEX run_held_by_pause ON run (task_id, plan_id) WHERE state = 'QUEUED' AND hold = 'paused';
CREATE INDEX run_deadline ON run (deadline_at) WHERE deadline_at IS NOT NULL AND cancel_requested_at IS NULL
                                                 AND state IN ('QUEUED', 'CLAIMED', 'RUNNING');
CREATE INDEX run_live_of_task ON run (task_id, state) WHERE task_id IS NOT NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING');
CREATE INDEX run_live_of_plan ON run (plan_id, state) WHERE plan_id IS NOT NULL AND state IN ('QUEUED', 'CLAIMED', 'RUNNING');
CREATE UNIQUE INDEX run_alone_of_task ON run (task_id) WHERE alone AND task_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING');
CREATE UNIQUE INDEX run_alone_of_plan ON run (plan_id) WHERE alone AND plan_id IS NOT NULL AND state IN ('CLAIMED', 'RUNNING');
CREATE UNIQUE INDEX run_slot_of_pool ON run (pool_id, pool_slot) WHERE pool_slot IS NOT NULL AND state IN ('CLAIMED', 'RUNNING');

CREATE TABLE trigger_key (
    scope      text NOT NULL,
    key        text NOT NULL,
    run_id     bigint NOT NULL,
    task_id    bigint,
    plan_id    bigint,
    rerun_of   bigint,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
COMMENT ON TABLE trigger_key IS 'The run that a key started: a user''s idempotency key, or a schedule and the time it fired for.';
INSERT INTO trigger_key (scope, key, run_id, task_id, plan_id, created_at)
SELECT 'user:' || requested_by, idempotency_key, id, task_id, plan_id, queued_at
  FROM run
 WHERE idempotency_key IS NOT NULL AND requested_by IS NOT NULL;
ALTER TABLE run DROP COLUMN idempotency_key;

ALTER TABLE step_run ADD COLUMN remaining integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN step_run.remaining IS 'Runs of the step that are not made yet, because a limit allows only so many at once.';
CREATE INDEX step_run_running ON step_run (run_id, step) WHERE state = 'running';

CREATE OR REPLACE VIEW run_seen AS
SELECT run.id AS run, run.state, run.reason, run.message, run.attempt, run.due_at, run.queued_at, run.started_at,
       run.ended_at, run.parent_run_id AS parent, run.root_run_id AS root, run.step, run.handler, run.row_count,
       run.counts, run.cancel_requested_at, run.plan_version, run.graph_id AS graph, run.workspace_id,
       CASE WHEN run.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind,
       task.type AS task_type, COALESCE(task.number, plan.number) AS number, COALESCE(task.name, plan.name) AS name,
       workspace.key AS workspace, environment.name AS environment,
       run.priority, run.hold, run.deadline_at, run.cause, run.parameters, run.rerun_of
  FROM run
  JOIN workspace ON workspace.id = run.workspace_id
  JOIN environment ON environment.id = run.environment_id
  LEFT JOIN task ON task.id = run.task_id
  LEFT JOIN plan ON plan.id = run.plan_id;

-- The place of a line is said by its writer, so that a report that is applied twice writes it once.
ALTER TABLE run_log ALTER COLUMN seq DROP IDENTITY;
COMMENT ON COLUMN run_log.seq IS 'Grows within a run: how many leases it has had times 1,000,000,000, plus four times the number of the line.';

CREATE FUNCTION is_inside(child_of bigint, what_task bigint, what_plan bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
WITH RECURSIVE above AS (
    SELECT run.parent_run_id, run.task_id, run.plan_id FROM run WHERE run.id = child_of
     UNION ALL
    SELECT run.parent_run_id, run.task_id, run.plan_id FROM above JOIN run ON run.id = above.parent_run_id
)
SELECT EXISTS (SELECT FROM above WHERE above.task_id = what_task OR above.plan_id = what_plan)
$$;
COMMENT ON FUNCTION is_inside IS 'Whether a run around this one is of the same task or plan, as can be when an older version runs: it must not be waited for.';
