-- Steps begin: so many runs are at work in each.
INSERT INTO step_run (run_id, step, handler, state, condition, needed, pending, open)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::integer[])
ON CONFLICT (run_id, step, handler)
DO UPDATE SET state = EXCLUDED.state, pending = 0, open = EXCLUDED.open
