-- Steps before these have succeeded: each waits for that many fewer. The ones that wait for none are ready.
INSERT INTO step_run (run_id, step, handler, state, condition, needed, pending)
SELECT run, step, false, 'waiting', condition, needed, needed - ended
  FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::integer[]) AS f (run, step, condition, needed, ended)
ON CONFLICT (run_id, step, handler)
DO UPDATE SET pending = step_run.pending - (EXCLUDED.needed - EXCLUDED.pending)
RETURNING run_id AS run, step, pending
