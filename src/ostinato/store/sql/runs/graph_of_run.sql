-- The steps a run consisted of.
SELECT graph_id FROM run WHERE id = $1
