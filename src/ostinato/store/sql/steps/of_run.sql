-- How far the steps of a plan run are.
SELECT step, handler, state FROM find_steps($1)
