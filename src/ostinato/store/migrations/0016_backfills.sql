-- Backfills: a task or plan runs once for each of the past times at which triggers would have started it.

CREATE TABLE backfill (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id         bigint REFERENCES task_ever ON DELETE CASCADE,
    plan_id         bigint REFERENCES plan_ever ON DELETE CASCADE,
    description     text,
    begin_at        timestamptz NOT NULL,
    end_at          timestamptz NOT NULL,
    triggers        jsonb NOT NULL,
    newest_first    boolean NOT NULL,
    concurrency     integer NOT NULL CHECK (concurrency BETWEEN 1 AND 100),
    version         integer,
    graph_id        bigint REFERENCES graph,
    parameters      jsonb NOT NULL,
    priority        integer CHECK (priority BETWEEN -1000 AND 1000),
    stop_on_failure boolean NOT NULL,
    owner_id        bigint NOT NULL REFERENCES app_user,
    key             text,
    created_at      timestamptz NOT NULL,
    total           integer NOT NULL CHECK (total BETWEEN 1 AND 10000),
    live            integer NOT NULL DEFAULT 0,
    succeeded       integer NOT NULL DEFAULT 0,
    failed          integer NOT NULL DEFAULT 0,
    cancelled       integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    waiting         text,
    stopped         text CHECK (stopped IN ('cancelled', 'failed', 'deleted')),
    stopped_at      timestamptz,
    stopped_by      text,
    ended_at        timestamptz,
    CHECK (num_nonnulls(task_id, plan_id) = 1),
    CHECK (begin_at < end_at),
    CHECK (num_nonnulls(version, graph_id) IN (0, 2)),
    CHECK (live BETWEEN 0 AND concurrency),
    CHECK (live + succeeded + failed + cancelled <= total),
    CHECK ((stopped IS NULL) = (stopped_at IS NULL)),
    CHECK (ended_at IS NULL OR live = 0)
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
CREATE INDEX backfill_going ON backfill (id) WHERE ended_at IS NULL;
CREATE INDEX backfill_task ON backfill (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX backfill_plan ON backfill (plan_id) WHERE plan_id IS NOT NULL;
CREATE UNIQUE INDEX backfill_key ON backfill (owner_id, key) WHERE key IS NOT NULL;

CREATE TABLE backfill_fire (
    backfill_id bigint NOT NULL REFERENCES backfill ON DELETE CASCADE,
    place       integer NOT NULL,
    at          timestamptz NOT NULL,
    taken       boolean NOT NULL DEFAULT false,
    run_id      bigint,
    state       text CHECK (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')),
    PRIMARY KEY (backfill_id, place),
    UNIQUE (backfill_id, at),
    CHECK (taken OR run_id IS NULL),
    CHECK (run_id IS NOT NULL OR state IS NULL)
);
COMMENT ON TABLE backfill_fire IS 'One time of a backfill. It is taken, and told which run it started, in the transaction that starts the run.';
COMMENT ON COLUMN backfill_fire.place IS 'Which of its times it is, in the order in which they start; counted from 1.';
COMMENT ON COLUMN backfill_fire.state IS 'How its run ended; NULL: it has not, or that is not counted yet.';
CREATE INDEX backfill_fire_left ON backfill_fire (backfill_id, place) WHERE NOT taken;
CREATE INDEX backfill_fire_live ON backfill_fire (backfill_id, run_id) WHERE run_id IS NOT NULL AND state IS NULL;

CREATE FUNCTION stop_backfills() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE backfill
       SET stopped = 'deleted', stopped_at = NEW.deleted_at, waiting = NULL, ended_at = CASE WHEN live = 0 THEN NEW.deleted_at END
     WHERE ended_at IS NULL AND stopped IS NULL
       AND CASE WHEN TG_TABLE_NAME = 'task_ever' THEN task_id ELSE plan_id END = NEW.id;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION stop_backfills() IS 'Of a task or plan that is deleted, backfills start nothing any more.';
CREATE TRIGGER backfills_of_deleted_task AFTER UPDATE OF deleted_at ON task_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION stop_backfills();
CREATE TRIGGER backfills_of_deleted_plan AFTER UPDATE OF deleted_at ON plan_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION stop_backfills();
