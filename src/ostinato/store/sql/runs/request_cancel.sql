-- Ask runs and everything below them to end. What has not begun ends at once; workers are told about the rest.
-- Locked from below, as a turn of the engine does that ends runs and then counts them into their plans.
-- Repeated until no row comes back: runs that a step opened meanwhile are seen by the next repetition.
WITH RECURSIVE tree AS (
    SELECT id, true AS asked, 0 AS depth
      FROM run
     WHERE id = ANY($1::bigint[])
     UNION ALL
    SELECT child.id, false, tree.depth + 1
      FROM run AS child
      JOIN tree ON child.parent_run_id = tree.id
     WHERE child.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
), locked AS MATERIALIZED (
    SELECT run.id, told.asked
      FROM (SELECT id, bool_or(asked) AS asked, max(depth) AS depth FROM tree GROUP BY id) AS told
      JOIN run ON run.id = told.id
     ORDER BY told.depth DESC, told.id
       FOR NO KEY UPDATE OF run
)
UPDATE run
   SET cancel_requested_at = $2,
       cancel_reason = CASE WHEN tree.asked THEN $3 ELSE 'cancel_requested' END,
       state = CASE WHEN run.state <> 'QUEUED' THEN run.state WHEN tree.asked AND $3 = 'timeout' THEN 'FAILED' ELSE 'CANCELLED' END,
       reason = CASE WHEN run.state <> 'QUEUED' THEN run.reason WHEN tree.asked THEN $3 ELSE 'cancel_requested' END,
       message = CASE WHEN run.state = 'QUEUED' AND tree.asked AND $3 = 'timeout'
                      THEN 'The run took longer than its own timeout'
                      ELSE run.message END,
       hold = NULL,
       ended_at = CASE WHEN run.state = 'QUEUED' THEN $2 ELSE run.ended_at END
  FROM locked AS tree
 WHERE run.id = tree.id
   AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
   AND run.cancel_requested_at IS NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool, false AS awaited
