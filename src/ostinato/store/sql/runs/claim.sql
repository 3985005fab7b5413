-- Take ready work for the free slots of one server, the most urgent first, then the oldest. What its task or its pool
-- keeps from starting is held instead, and leaves the queue until it is let go. Two servers cannot both be right:
-- unique indexes allow one run alone of a task, and one run in a slot of a pool. The candidates are an array, so that the
-- planner expects few of them however long the queue is, and looks each of them up; OFFSET 0 keeps it from reading all
-- runs at work beforehand instead of asking for one task. A run that was made while its task was deleted is worked off.
WITH candidate AS MATERIALIZED (
    SELECT id, task_id, priority
      FROM run
     WHERE id = ANY(ARRAY(
               SELECT id
                 FROM run
                WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NULL
                  AND (SELECT alive_until > clock_timestamp() FROM server_session WHERE server_session.id = $1)
                ORDER BY priority DESC, id
                LIMIT $2
                  FOR UPDATE SKIP LOCKED))
), judged AS MATERIALIZED (
    SELECT candidate.id, candidate.priority, task.id AS task_id, task.pool_id, task.overlap <> 'parallel' AS alone,
           CASE WHEN task.paused_at IS NOT NULL THEN 'paused'
                WHEN task.overlap <> 'parallel'
                     AND (row_number() OVER (PARTITION BY candidate.task_id ORDER BY candidate.priority DESC, candidate.id) > 1
                          OR EXISTS (SELECT FROM run AS other
                                      WHERE other.task_id = candidate.task_id AND other.state IN ('CLAIMED', 'RUNNING') OFFSET 0))
                THEN 'task' END AS hold
      FROM candidate
      JOIN task_ever AS task ON task.id = candidate.task_id
), placed AS MATERIALIZED (
    SELECT judged.*,
           CASE WHEN hold IS NULL AND pool_id IS NOT NULL
                THEN row_number() OVER (PARTITION BY pool_id, hold ORDER BY priority DESC, id) END AS place
      FROM judged
), slot AS (
    SELECT pool.id AS pool_id, free.number, row_number() OVER (PARTITION BY pool.id ORDER BY free.number) AS place
      FROM pool
     CROSS JOIN LATERAL (SELECT number
                           FROM generate_series(1, pool.slots) AS number
                          WHERE NOT EXISTS (SELECT FROM run AS holder
                                             WHERE holder.pool_id = pool.id AND holder.pool_slot = number
                                               AND holder.state IN ('CLAIMED', 'RUNNING'))
                          LIMIT $2) AS free
     WHERE pool.id IN (SELECT placed.pool_id FROM placed WHERE placed.place IS NOT NULL)
), chosen AS (
    SELECT placed.id, placed.task_id, placed.pool_id, slot.number AS pool_slot, placed.alone,
           CASE WHEN placed.hold IS NOT NULL THEN placed.hold
                WHEN placed.place IS NOT NULL AND slot.number IS NULL THEN 'pool' END AS hold
      FROM placed
      LEFT JOIN slot ON slot.pool_id = placed.pool_id AND slot.place = placed.place
)
UPDATE run
   SET state = CASE WHEN chosen.hold IS NULL THEN 'CLAIMED' ELSE 'QUEUED' END,
       hold = chosen.hold,
       session_id = CASE WHEN chosen.hold IS NULL THEN $1::bigint END,
       lease = CASE WHEN chosen.hold IS NULL THEN nextval('lease_token') END,
       attempt = run.attempt + CASE WHEN chosen.hold IS NULL THEN 1 ELSE 0 END,
       alone = chosen.alone AND chosen.hold IS NULL,
       pool_id = chosen.pool_id,
       pool_slot = CASE WHEN chosen.hold IS NULL THEN chosen.pool_slot END
  FROM chosen
  JOIN task_ever AS task ON task.id = chosen.task_id
  JOIN environment ON environment.id = task.environment_id
 WHERE run.id = chosen.id AND run.state = 'QUEUED'
RETURNING run.id AS run, run.attempt, run.lease, run.losses, run.workspace_id AS workspace, task.type AS task_type,
          task.name AS task_name, task.config, task.uses, task.timeout_s, task.retries, run.parameters,
          task.parameters AS declared, environment.parameters AS surroundings
