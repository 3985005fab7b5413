-- Schedules: triggers under names, what they start, and when each of them fires next.

CREATE TABLE schedule (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment ON DELETE CASCADE,
    description    text,
    task_id        bigint REFERENCES task_ever,
    plan_id        bigint REFERENCES plan_ever,
    own            boolean NOT NULL DEFAULT false,
    owner_id       bigint NOT NULL REFERENCES app_user,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CHECK (num_nonnulls(task_id, plan_id) <= 1),
    CHECK (NOT own OR num_nonnulls(task_id, plan_id) = 1)
);
COMMENT ON TABLE schedule IS 'Up to 15 triggers, and the task or plan that they start; one that is bound to nothing starts nothing.';
COMMENT ON COLUMN schedule.own IS 'Belongs to its task or plan alone: made with it, not listed among the schedules, gone with it.';
COMMENT ON COLUMN schedule.owner_id IS 'On whose behalf runs are started: whoever changed it last.';
CREATE UNIQUE INDEX schedule_task ON schedule (task_id) WHERE task_id IS NOT NULL;
CREATE UNIQUE INDEX schedule_plan ON schedule (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX schedule_environment ON schedule (environment_id, id DESC);

CREATE TABLE schedule_trigger (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id bigint NOT NULL REFERENCES schedule ON DELETE CASCADE,
    name        text NOT NULL CHECK (name <> ''),
    definition  jsonb NOT NULL,
    missed      text NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
    most_missed integer NOT NULL CHECK (most_missed BETWEEN 1 AND 1000),
    grace_s     integer NOT NULL CHECK (grace_s BETWEEN 0 AND 86400),
    planned_at  timestamptz,
    due_at      timestamptz,
    UNIQUE (schedule_id, name),
    CHECK ((planned_at IS NULL) = (due_at IS NULL))
);
COMMENT ON COLUMN schedule_trigger.definition IS 'When it fires, as the JSON of a trigger.';
COMMENT ON COLUMN schedule_trigger.missed IS 'What becomes of fires that nobody was there for: left out, the last one made up for, or all of them.';
COMMENT ON COLUMN schedule_trigger.grace_s IS 'How late a fire may be, in seconds, before it counts as missed.';
COMMENT ON COLUMN schedule_trigger.planned_at IS 'Its next fire, which is known by this time; NULL: none, or it starts nothing. Whoever fires it moves it on, if it still stands there.';
COMMENT ON COLUMN schedule_trigger.due_at IS 'When that is to happen: later than planned by the jitter.';
CREATE INDEX schedule_trigger_due ON schedule_trigger (due_at) WHERE due_at IS NOT NULL;

CREATE FUNCTION let_schedules_go() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one      record := COALESCE(NEW, OLD);
    of_tasks boolean := TG_TABLE_NAME = 'task_ever';
BEGIN
    DELETE FROM schedule WHERE own AND CASE WHEN of_tasks THEN task_id ELSE plan_id END = one.id;
    UPDATE schedule_trigger
       SET planned_at = NULL, due_at = NULL
      FROM schedule
     WHERE schedule.id = schedule_trigger.schedule_id
       AND CASE WHEN of_tasks THEN schedule.task_id ELSE schedule.plan_id END = one.id;
    UPDATE schedule
       SET task_id = NULL, plan_id = NULL
     WHERE CASE WHEN of_tasks THEN task_id ELSE plan_id END = one.id;
    RETURN one;
END $$;
COMMENT ON FUNCTION let_schedules_go() IS 'A schedule whose task or plan is deleted or removed is bound to nothing; one that was only its own goes with it.';
CREATE TRIGGER task_is_deleted AFTER UPDATE OF deleted_at ON task_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_schedules_go();
CREATE TRIGGER plan_is_deleted AFTER UPDATE OF deleted_at ON plan_ever
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION let_schedules_go();

CREATE TRIGGER task_is_removed BEFORE DELETE ON task_ever FOR EACH ROW EXECUTE FUNCTION let_schedules_go();
CREATE TRIGGER plan_is_removed BEFORE DELETE ON plan_ever FOR EACH ROW EXECUTE FUNCTION let_schedules_go();

CREATE TABLE holiday_list (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id bigint NOT NULL REFERENCES environment ON DELETE CASCADE,
    name           text NOT NULL CHECK (name <> ''),
    days           jsonb NOT NULL,
    changed_at     timestamptz NOT NULL,
    UNIQUE (environment_id, name)
);
COMMENT ON TABLE holiday_list IS 'Days, with names, that the calendars of triggers in an environment leave out or move.';
