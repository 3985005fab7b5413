-- How far the steps of a plan run are.
SELECT step, handler, state FROM step_run WHERE run_id = $1
