-- The steps of some versions of plans.
SELECT id, body FROM graph WHERE id = ANY($1::bigint[])
