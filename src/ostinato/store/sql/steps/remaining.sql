-- The steps of a plan run that have runs which are not made yet, because a limit allows only so many at once.
SELECT step, handler, remaining FROM step_run WHERE run_id = $1 AND remaining > 0
