-- What a plan run takes over, if it is a re-run.
SELECT id AS run, state, graph_id AS graph, attempt, rerun_of, rerun_part, rerun_step FROM run WHERE id = $1
