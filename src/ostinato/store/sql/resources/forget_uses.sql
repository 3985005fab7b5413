-- What these tasks got is written down anew.
DELETE FROM task_resource WHERE task_id = ANY($1::bigint[])
