-- The steps that are at work in plan runs with a limit, and how many runs they have live and not made yet.
SELECT run_id AS run, step, handler, open, remaining
  FROM step_run
 WHERE run_id = ANY($1::bigint[]) AND state = 'running'
 ORDER BY run_id, step, handler
