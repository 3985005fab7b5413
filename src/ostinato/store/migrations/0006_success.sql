-- What succeeded last, however long ago; and what the steps of plans run, in which order: a task is outdated by a newer
-- success of what comes right before it.

CREATE TABLE task_success (
    task_id    bigint PRIMARY KEY,
    run_id     bigint NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz NOT NULL,
    row_count  bigint
);
COMMENT ON TABLE task_success IS 'Of each task, the success that ended last among those that went into history; it outlives them.';

CREATE TABLE plan_success (
    plan_id  bigint PRIMARY KEY,
    run_id   bigint NOT NULL,
    ended_at timestamptz NOT NULL
);
COMMENT ON TABLE plan_success IS 'The same of each plan.';

CREATE INDEX run_success_of_task ON run (task_id, ended_at DESC) WHERE state = 'SUCCEEDED' AND task_id IS NOT NULL;
CREATE INDEX run_success_of_plan ON run (plan_id, ended_at DESC) WHERE state = 'SUCCEEDED' AND plan_id IS NOT NULL;
CREATE INDEX task_uses ON task USING gin (uses);

CREATE TABLE plan_part (
    plan_id        bigint NOT NULL REFERENCES plan,
    step           integer NOT NULL,
    task_id        bigint REFERENCES task,
    nested_plan_id bigint REFERENCES plan,
    once           boolean NOT NULL,
    CHECK (num_nonnulls(task_id, nested_plan_id) = 1),
    UNIQUE NULLS NOT DISTINCT (plan_id, step, task_id, nested_plan_id)
);
COMMENT ON TABLE plan_part IS 'What each step of the current version of a plan runs; without what handles its failure.';
COMMENT ON COLUMN plan_part.once IS 'Whether no other step of the plan runs it: otherwise its success tells nothing about this step.';
CREATE INDEX plan_part_task ON plan_part (task_id) WHERE task_id IS NOT NULL;

CREATE TABLE plan_order (
    plan_id bigint NOT NULL REFERENCES plan,
    step    integer NOT NULL,
    after   integer NOT NULL,
    PRIMARY KEY (plan_id, step, after)
);
COMMENT ON TABLE plan_order IS 'Which step comes right after which, in the current version of each plan.';

CREATE FUNCTION note_steps(plans bigint[]) RETURNS void LANGUAGE sql AS $$
DELETE FROM plan_part WHERE plan_id = ANY(plans);
DELETE FROM plan_order WHERE plan_id = ANY(plans);
WITH step AS MATERIALIZED (
    SELECT plan.id AS plan_id, (item.place - 1)::integer AS number, item.body
      FROM plan
      JOIN graph ON graph.id = plan.graph_id
     CROSS JOIN LATERAL jsonb_array_elements(graph.body -> 'steps') WITH ORDINALITY AS item (body, place)
     WHERE plan.id = ANY(plans)
), part AS MATERIALIZED (
    SELECT DISTINCT step.plan_id, step.number, (ref ->> 'task')::bigint AS task_id, (ref ->> 'plan')::bigint AS nested_plan_id
      FROM step
     CROSS JOIN LATERAL jsonb_array_elements(step.body -> 'runs') AS ref
), ordered AS (
    INSERT INTO plan_order (plan_id, step, after)
    SELECT DISTINCT step.plan_id, step.number, before::integer
      FROM step
     CROSS JOIN LATERAL jsonb_array_elements_text(step.body -> 'after') AS before
)
INSERT INTO plan_part (plan_id, step, task_id, nested_plan_id, once)
SELECT plan_id, number, task_id, nested_plan_id, count(*) OVER (PARTITION BY plan_id, task_id, nested_plan_id) = 1
  FROM part
$$;
COMMENT ON FUNCTION note_steps IS 'Writes down anew what the steps of these plans run and which comes after which, as their graphs have it.';
SELECT note_steps(ARRAY(SELECT id FROM plan));

INSERT INTO task_success (task_id, run_id, started_at, ended_at, row_count)
SELECT DISTINCT ON (task_id) task_id, run_id, started_at, ended_at, row_count
  FROM (SELECT task_id, id AS run_id, started_at, ended_at, row_count
          FROM kept_run
         WHERE task_id IS NOT NULL AND state = 'SUCCEEDED'
         UNION ALL
        SELECT task_id, run_id, started_at, ended_at, NULL
          FROM task_last
         WHERE state = 'SUCCEEDED') AS success
 ORDER BY task_id, ended_at DESC, row_count NULLS LAST;
INSERT INTO plan_success (plan_id, run_id, ended_at)
SELECT DISTINCT ON (plan_id) plan_id, id, ended_at
  FROM kept_run
 WHERE plan_id IS NOT NULL AND state = 'SUCCEEDED'
 ORDER BY plan_id, ended_at DESC;

CREATE FUNCTION last_success(wanted bigint)
RETURNS TABLE (run_id bigint, started_at timestamptz, ended_at timestamptz, row_count bigint) LANGUAGE sql STABLE ROWS 1 AS $$
SELECT success.run_id, success.started_at, success.ended_at, success.row_count
  FROM ((SELECT run.id AS run_id, run.started_at, run.ended_at, run.row_count
           FROM run
          WHERE run.task_id = wanted AND run.state = 'SUCCEEDED'
          ORDER BY run.ended_at DESC
          LIMIT 1)
         UNION ALL
        SELECT kept.run_id, kept.started_at, kept.ended_at, kept.row_count
          FROM task_success AS kept
         WHERE kept.task_id = wanted) AS success
 ORDER BY success.ended_at DESC
 LIMIT 1
$$;
COMMENT ON FUNCTION last_success IS 'The success of a task that ended last, whether its run is live, kept or dropped; none: it never succeeded.';

DROP VIEW task_standing;
CREATE FUNCTION task_standing(tasks bigint[])
RETURNS TABLE (task_id bigint, standing text, started_at timestamptz, ended_at timestamptz,
               last_started_at timestamptz, last_ended_at timestamptz) LANGUAGE sql STABLE ROWS 100 AS $$
WITH stood AS MATERIALIZED (
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
      FROM unnest(tasks) AS wanted (id)
      JOIN task ON task.id = wanted.id
      LEFT JOIN LATERAL (
               SELECT run.state, COALESCE(run.started_at, CASE WHEN run.state <> 'QUEUED' THEN run.queued_at END) AS started_at
                 FROM run
                WHERE run.task_id = task.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                ORDER BY run.state = 'QUEUED', run.id DESC
                LIMIT 1) AS live ON true
      LEFT JOIN LATERAL (
               SELECT ended.state, ended.started_at, ended.ended_at
                 FROM ((SELECT run.id, run.state, run.started_at, run.ended_at
                          FROM run
                         WHERE run.task_id = task.id AND run.state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
                         ORDER BY run.id DESC
                         LIMIT 1)
                        UNION ALL
                       SELECT task_last.run_id, task_last.state, task_last.started_at, task_last.ended_at
                         FROM task_last
                        WHERE task_last.task_id = task.id) AS ended
                ORDER BY ended.id DESC
                LIMIT 1) AS last ON true
), dependent AS MATERIALIZED (
    SELECT stood.task_id, COALESCE(stood.last_started_at, stood.last_ended_at) AS began_at, later.plan_id, later.after
      FROM stood
      JOIN plan_part AS part ON part.task_id = stood.task_id
      JOIN plan_order AS later ON later.plan_id = part.plan_id AND later.step = part.step
     WHERE stood.standing = 'succeeded'
), earlier AS MATERIALIZED (
    SELECT part.plan_id, part.step, part.task_id, part.nested_plan_id, step.since
      FROM (SELECT plan_id, after, min(began_at) AS since FROM dependent GROUP BY plan_id, after) AS step
      JOIN plan_part AS part ON part.plan_id = step.plan_id AND part.step = step.after AND part.once
), newest AS MATERIALIZED (
    SELECT success.plan_id, success.step, max(success.ended_at) AS ended_at
      FROM (SELECT earlier.plan_id, earlier.step, live.ended_at
              FROM earlier
             CROSS JOIN LATERAL (
                       SELECT run.ended_at
                         FROM run
                        WHERE run.task_id = earlier.task_id AND run.state = 'SUCCEEDED' AND run.ended_at > earlier.since
                        ORDER BY run.ended_at DESC
                        LIMIT 1) AS live
             UNION ALL
            SELECT earlier.plan_id, earlier.step, kept.ended_at
              FROM earlier
              JOIN task_success AS kept ON kept.task_id = earlier.task_id AND kept.ended_at > earlier.since
             UNION ALL
            SELECT earlier.plan_id, earlier.step, live.ended_at
              FROM earlier
             CROSS JOIN LATERAL (
                       SELECT run.ended_at
                         FROM run
                        WHERE run.plan_id = earlier.nested_plan_id AND run.state = 'SUCCEEDED' AND run.ended_at > earlier.since
                        ORDER BY run.ended_at DESC
                        LIMIT 1) AS live
             WHERE earlier.nested_plan_id IS NOT NULL
             UNION ALL
            SELECT earlier.plan_id, earlier.step, kept.ended_at
              FROM earlier
              JOIN plan_success AS kept ON kept.plan_id = earlier.nested_plan_id AND kept.ended_at > earlier.since) AS success
     GROUP BY success.plan_id, success.step
), behind AS MATERIALIZED (
    SELECT DISTINCT dependent.task_id
      FROM dependent
      JOIN newest ON newest.plan_id = dependent.plan_id AND newest.step = dependent.after
     WHERE newest.ended_at > dependent.began_at
)
SELECT stood.task_id, CASE WHEN behind.task_id IS NULL THEN stood.standing ELSE 'outdated' END,
       stood.started_at, stood.ended_at, stood.last_started_at, stood.last_ended_at
  FROM stood
  LEFT JOIN behind ON behind.task_id = stood.task_id
$$;
COMMENT ON FUNCTION task_standing IS 'How tasks stand: a live run goes before the ended one. Outdated: never run; or changed since the last success began; or something in a step right before its own, in a plan it is in, succeeded since then. Each such step is looked at once, however many of the tasks come after it.';
