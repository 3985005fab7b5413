-- Plans begin anew: how far the steps of the try before were is forgotten, its runs stay.
DELETE FROM step_run WHERE run_id = ANY($1::bigint[])
