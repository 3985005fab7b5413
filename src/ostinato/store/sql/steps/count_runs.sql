-- Runs of open steps have ended; a step whose last run ended has ended itself, well or not, by its condition.
-- The plan run is locked first: one plan takes one decision at a time, and sees a cancellation that came before.
WITH plan_run AS MATERIALIZED (
    SELECT id, graph_id, cancel_requested_at IS NOT NULL AS cancelling
      FROM run
     WHERE id = ANY($1::bigint[])
     ORDER BY id
       FOR NO KEY UPDATE
), ended AS MATERIALIZED (
    SELECT told.*, plan_run.graph_id, plan_run.cancelling
      FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::integer[], $5::integer[], $6::integer[])
           AS told (run, step, handler, succeeded, failed, cancelled)
      JOIN plan_run ON plan_run.id = told.run
)
UPDATE step_run
   SET open = step_run.open - (ended.succeeded + ended.failed + ended.cancelled),
       succeeded = step_run.succeeded + ended.succeeded,
       failed = step_run.failed + ended.failed,
       cancelled = step_run.cancelled + ended.cancelled,
       state = CASE WHEN step_run.open > ended.succeeded + ended.failed + ended.cancelled THEN 'running'
                    WHEN step_run.remaining > 0 THEN CASE WHEN ended.cancelling THEN 'cancelled' ELSE 'running' END
                    WHEN step_run.condition = 'always_proceed' THEN 'succeeded'
                    WHEN step_run.condition = 'at_least_one_succeeded'
                         AND step_run.succeeded + ended.succeeded > 0 THEN 'succeeded'
                    WHEN step_run.failed + ended.failed + step_run.cancelled + ended.cancelled = 0 THEN 'succeeded'
                    WHEN step_run.failed + ended.failed = 0 THEN 'cancelled'
                    ELSE 'failed' END
  FROM ended
 WHERE step_run.run_id = ended.run AND step_run.step = ended.step AND step_run.handler = ended.handler
   AND step_run.state = 'running'
RETURNING step_run.run_id AS run, step_run.step, step_run.handler, step_run.state, ended.graph_id AS graph,
          ended.cancelling, step_run.open, step_run.remaining
