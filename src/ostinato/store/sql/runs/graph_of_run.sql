-- The steps a run consisted of.
SELECT graph_id FROM find_run($1)
