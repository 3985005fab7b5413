-- Ask a run and everything below it to end. What has not begun ends at once; workers are told about the rest.
-- Repeated until no row comes back: runs that a step opened meanwhile are seen by the next repetition.
WITH RECURSIVE tree AS (
    SELECT id FROM run WHERE id = $1
     UNION ALL
    SELECT child.id FROM run AS child JOIN tree ON child.parent_run_id = tree.id
)
UPDATE run
   SET cancel_requested_at = $2,
       state = CASE WHEN run.state = 'QUEUED' THEN 'CANCELLED' ELSE run.state END,
       reason = CASE WHEN run.state = 'QUEUED' THEN 'cancel_requested' ELSE run.reason END,
       ended_at = CASE WHEN run.state = 'QUEUED' THEN $2 ELSE run.ended_at END
 WHERE run.id IN (SELECT id FROM tree ORDER BY id)
   AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
   AND run.cancel_requested_at IS NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler
