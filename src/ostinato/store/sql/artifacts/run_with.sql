-- A run that has not ended and began with one of these versions.
SELECT run.id
  FROM run_artifact
  JOIN run ON run.id = run_artifact.run_id
 WHERE run_artifact.version_id = ANY($1::bigint[]) AND run.ended_at IS NULL
 LIMIT 1
