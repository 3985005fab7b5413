-- Steps of running plans were opened or ended. A plan whose last open step ended has ended itself, exactly once.
UPDATE run
   SET active_steps = run.active_steps + change.opened - change.ended,
       failed_steps = run.failed_steps + change.failed,
       state = CASE WHEN run.active_steps + change.opened - change.ended > 0 THEN run.state
                    WHEN run.cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                    WHEN run.failed_steps + change.failed > 0 THEN 'FAILED'
                    ELSE 'SUCCEEDED' END,
       reason = CASE WHEN run.active_steps + change.opened - change.ended > 0 THEN NULL
                     WHEN run.cancel_requested_at IS NOT NULL THEN 'cancel_requested'
                     WHEN run.failed_steps + change.failed > 0 THEN 'step_failed' END,
       message = CASE WHEN run.active_steps + change.opened - change.ended > 0 OR run.failed_steps + change.failed = 0 THEN NULL
                      WHEN run.failed_steps + change.failed = 1 THEN '1 step did not succeed'
                      ELSE run.failed_steps + change.failed || ' steps did not succeed' END,
       ended_at = CASE WHEN run.active_steps + change.opened - change.ended > 0 THEN NULL ELSE $5::timestamptz END
  FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[]) AS change (run, opened, ended, failed)
 WHERE run.id = change.run AND run.state = 'RUNNING' AND run.graph_id IS NOT NULL
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler
