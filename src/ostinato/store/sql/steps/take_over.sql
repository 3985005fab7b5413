-- A re-run begins: steps that are taken over from the run before count as succeeded, steps behind some of them wait for less.
INSERT INTO step_run (run_id, step, state, condition, needed, pending)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::integer[], $6::integer[])
