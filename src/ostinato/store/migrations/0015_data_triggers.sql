-- Data triggers: what starts by itself when tasks and plans have succeeded since its last start.

CREATE TABLE data_trigger (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment ON DELETE CASCADE,
    task_id        bigint REFERENCES task_ever ON DELETE CASCADE,
    plan_id        bigint REFERENCES plan_ever ON DELETE CASCADE,
    condition      text NOT NULL CHECK (condition IN ('all', 'any')),
    active         boolean NOT NULL,
    owner_id       bigint NOT NULL REFERENCES app_user,
    sources        integer NOT NULL DEFAULT 0,
    fires          bigint NOT NULL DEFAULT 0 CHECK (fires >= 0),
    fired_at       timestamptz,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CHECK (num_nonnulls(task_id, plan_id) = 1),
    CHECK ((fired_at IS NULL) = (fires = 0))
);
COMMENT ON TABLE data_trigger IS 'A task or plan that starts when all or any of its sources have succeeded since its last start.';
COMMENT ON COLUMN data_trigger.owner_id IS 'On whose behalf runs are started: whoever saved it last.';
COMMENT ON COLUMN data_trigger.sources IS 'How many there are, counted as they come and go.';
COMMENT ON COLUMN data_trigger.fires IS 'How often it has fired. Whoever fires it counts on, if the number is still the one they saw.';
CREATE UNIQUE INDEX data_trigger_task ON data_trigger (task_id) WHERE task_id IS NOT NULL;
CREATE UNIQUE INDEX data_trigger_plan ON data_trigger (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX data_trigger_environment ON data_trigger (environment_id, id DESC);

CREATE TABLE data_trigger_source (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_id bigint NOT NULL REFERENCES data_trigger ON DELETE CASCADE,
    task_id    bigint REFERENCES task_ever ON DELETE CASCADE,
    plan_id    bigint REFERENCES plan_ever ON DELETE CASCADE,
    position   integer NOT NULL,
    CHECK (num_nonnulls(task_id, plan_id) = 1),
    UNIQUE NULLS NOT DISTINCT (trigger_id, task_id, plan_id)
);
COMMENT ON TABLE data_trigger_source IS 'What a data trigger waits for. Of a deleted task or plan it stays, and waits in vain.';
CREATE INDEX data_trigger_source_task ON data_trigger_source (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX data_trigger_source_plan ON data_trigger_source (plan_id) WHERE plan_id IS NOT NULL;

CREATE TABLE data_trigger_success (
    source_id  bigint NOT NULL,
    run_id     bigint NOT NULL,
    ended_at   timestamptz NOT NULL,
    newest_run bigint NOT NULL,
    fire       bigint,
    PRIMARY KEY (source_id, run_id)
);
COMMENT ON TABLE data_trigger_success IS 'Successes of sources, each written by the transaction that ends the run. A source may go in the same moment, so nothing refers to it.';
COMMENT ON COLUMN data_trigger_success.newest_run IS 'The newest of all runs at that time, committed or not: every newer one begins after the end of this one, whatever the clocks say.';
COMMENT ON COLUMN data_trigger_success.fire IS 'Which fire of the data trigger has used it; NULL: none yet.';
CREATE INDEX data_trigger_success_unused ON data_trigger_success (source_id) WHERE fire IS NULL;

CREATE FUNCTION let_data_triggers_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM data_trigger WHERE CASE WHEN TG_TABLE_NAME = 'task_ever' THEN task_id ELSE plan_id END = NEW.id;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION let_data_triggers_go() IS 'What is deleted is started no more.';
CREATE TRIGGER task_starts_no_more AFTER UPDATE OF deleted_at ON task_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_data_triggers_go();
CREATE TRIGGER plan_starts_no_more AFTER UPDATE OF deleted_at ON plan_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_data_triggers_go();

CREATE FUNCTION count_sources() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER source_is_counted AFTER INSERT OR DELETE ON data_trigger_source FOR EACH ROW EXECUTE FUNCTION count_sources();

-- The conditions are ranges and the order begins with what they are about, so that only the index of the task or plan gives it: the
-- planner may take the index of all runs for as good when most runs are of few things.
CREATE FUNCTION last_start(wanted_task bigint, wanted_plan bigint, begun boolean)
RETURNS TABLE (run_id bigint, started_at timestamptz) LANGUAGE sql STABLE ROWS 1 AS $$
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
COMMENT ON FUNCTION last_start IS 'The newest run of a task or plan that has begun, or, unless only those count, is about to; none: it is not in the live tables.';

CREATE FUNCTION leads_to(of_task bigint, of_plan bigint, but bigint)
RETURNS TABLE (task bigint, plan bigint) LANGUAGE sql STABLE AS $$
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
 WHERE (source.task_id = of_task OR source.plan_id = of_plan) AND own.id IS DISTINCT FROM but
$$;
COMMENT ON FUNCTION leads_to IS 'What a start of a task or plan leads to at once: what it runs, and what data triggers but one start after it.';

CREATE FUNCTION is_newer(success data_trigger_success, start_id bigint, started_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
SELECT $2 IS NULL OR ($1.newest_run >= $2 AND ($3 IS NULL OR $1.ended_at > $3 - interval '1 second'))
$$;
COMMENT ON FUNCTION is_newer IS 'Whether a success may have come too late for the newest start: a run that was made after it was written down has seen it, and so has one that was made before and began later by more than the clocks of servers are apart.';
