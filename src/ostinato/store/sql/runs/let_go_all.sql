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
)
UPDATE run
   SET hold = NULL
 WHERE id = ANY(ARRAY(
           SELECT next.id
             FROM task_held
             JOIN task ON task.id = task_held.id
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
             JOIN plan ON plan.id = plan_held.id
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
           SELECT held.id
             FROM run AS held
             LEFT JOIN task ON task.id = held.task_id
             LEFT JOIN plan ON plan.id = held.plan_id
            WHERE held.state = 'QUEUED' AND held.hold = 'paused' AND COALESCE(task.paused_at, plan.paused_at) IS NULL
            LIMIT $1
              FOR UPDATE OF held SKIP LOCKED))
RETURNING id AS run, graph_id AS graph
