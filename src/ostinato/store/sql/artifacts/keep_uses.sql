-- What tasks use, as their configs name it.
INSERT INTO task_artifact (task_id, artifact_id, version_id)
SELECT new.task, new.artifact, new.version
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (task, artifact, version)
