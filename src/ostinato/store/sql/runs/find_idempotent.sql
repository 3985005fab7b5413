-- The run that an earlier request with the same key started.
SELECT id AS run, graph_id AS graph FROM run WHERE requested_by = $1 AND idempotency_key = $2
