-- Tasks have moved on to a version of the artifact that they use.
UPDATE task_artifact SET version_id = $2 WHERE task_id = ANY($1::bigint[])
