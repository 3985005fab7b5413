-- What these tasks used is written down anew.
DELETE FROM task_artifact WHERE task_id = ANY($1::bigint[])
