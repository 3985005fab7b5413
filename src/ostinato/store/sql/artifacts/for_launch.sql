-- What workers need of the artifacts that these runs began with.
SELECT run_artifact.run_id AS run, artifact.name, version.version, encode(version.digest, 'hex') AS digest, version.entry,
       version.parameters
  FROM run_artifact
  JOIN artifact_version AS version ON version.id = run_artifact.version_id
  JOIN artifact ON artifact.id = version.artifact_id
 WHERE run_artifact.run_id = ANY($1::bigint[])
