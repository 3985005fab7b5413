-- Whatever is held although nothing keeps it may go on: the backstop for a wake-up that two servers missed between them,
-- and what follows a change of a pool, of an overlap rule, or the end of a pause. Looks once at each task, plan and pool.
WITH RECURSIVE task_held AS (
    (SELECT task_id AS id FROM run WHERE state = 'QUEUED' AND hold = 'task' ORDER BY task_id LIMIT 1)
     UNION ALL
    SELECT (SELECT run.task_id FROM run
             WHERE run.state = 'QUEUED' AND run.hold = 'task' AND run.task_id > task_held.id
             ORDER BY run.task_id LIMIT 1)
      FROM task_held
     WHERE task_held.id IS NOT NULL
), plan_held AS (
    (SELECT plan_id AS id FROM run WHERE state = 'QUEUED' AND hold = 'plan' ORDER BY plan_id LIMIT 1)
     UNION ALL
    SELECT (SELECT run.plan_id FROM run
             WHERE run.state = 'QUEUED' AND run.hold = 'plan' AND run.plan_id > plan_held.id
             ORDER BY run.plan_id LIMIT 1)
      FROM plan_held
     WHERE plan_held.id IS NOT NULL
), task_paused AS (
    (SELECT task_id AS id FROM run WHERE state = 'QUEUED' AND hold = 'paused' AND task_id IS NOT NULL ORDER BY task_id LIMIT 1)
     UNION ALL
    SELECT (SELECT run.task_id FROM run
             WHERE run.state = 'QUEUED' AND run.hold = 'paused' AND run.task_id > task_paused.id
             ORDER BY run.task_id LIMIT 1)
      FROM task_paused
     WHERE task_paused.id IS NOT NULL
), plan_paused AS (
    (SELECT plan_id AS id FROM run WHERE state = 'QUEUED' AND hold = 'paused' AND task_id IS NULL ORDER BY task_id, plan_id LIMIT 1)
     UNION ALL
    SELECT (SELECT run.plan_id FROM run
             WHERE run.state = 'QUEUED' AND run.hold = 'paused' AND run.task_id IS NULL AND run.plan_id > plan_paused.id
             ORDER BY run.task_id, run.plan_id LIMIT 1)
      FROM plan_paused
     WHERE plan_paused.id IS NOT NULL
)
UPDATE run
   SET hold = NULL
 WHERE id = ANY(ARRAY(
           SELECT next.id
             FROM task_held
             JOIN task_ever AS task ON task.id = task_held.id
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.task_id = task.id AND held.state = 'QUEUED' AND held.hold = 'task'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT CASE WHEN task.overlap = 'parallel' THEN $1 ELSE 1 END
                                   FOR UPDATE SKIP LOCKED) AS next
            WHERE task.overlap = 'parallel'
               OR NOT EXISTS (SELECT FROM run AS other WHERE other.task_id = task.id AND other.state IN ('CLAIMED', 'RUNNING')))
        || ARRAY(
           SELECT next.id
             FROM plan_held
             JOIN plan_ever AS plan ON plan.id = plan_held.id
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.plan_id = plan.id AND held.state = 'QUEUED' AND held.hold = 'plan'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT CASE WHEN plan.overlap = 'parallel' THEN $1 ELSE 1 END
                                   FOR UPDATE SKIP LOCKED) AS next
            WHERE plan.overlap = 'parallel'
               OR NOT EXISTS (SELECT FROM run AS other WHERE other.plan_id = plan.id AND other.state IN ('CLAIMED', 'RUNNING')))
        || ARRAY(
           SELECT next.id
             FROM pool
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.pool_id = pool.id AND held.state = 'QUEUED' AND held.hold = 'pool'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT GREATEST(0, pool.slots - (SELECT count(*) FROM run AS holder
                                                                  WHERE holder.pool_id = pool.id AND holder.pool_slot IS NOT NULL
                                                                    AND holder.state IN ('CLAIMED', 'RUNNING')))
                                   FOR UPDATE SKIP LOCKED) AS next)
        || ARRAY(
           SELECT next.id
             FROM task_paused
             JOIN task_ever AS task ON task.id = task_paused.id AND task.paused_at IS NULL
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.task_id = task.id AND held.state = 'QUEUED' AND held.hold = 'paused'
                                 LIMIT $1
                                   FOR UPDATE SKIP LOCKED) AS next)
        || ARRAY(
           SELECT next.id
             FROM plan_paused
             JOIN plan_ever AS plan ON plan.id = plan_paused.id AND plan.paused_at IS NULL
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.task_id IS NULL AND held.plan_id = plan.id AND held.state = 'QUEUED'
                                   AND held.hold = 'paused'
                                 LIMIT $1
                                   FOR UPDATE SKIP LOCKED) AS next))
RETURNING id AS run, graph_id AS graph
