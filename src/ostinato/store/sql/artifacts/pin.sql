-- Runs that start get the version their task names, or the newest; a run that had one before keeps it.
INSERT INTO run_artifact (run_id, version_id)
SELECT wanted.run, version.id
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS wanted (run, workspace, key, name, version)
  JOIN workspace AS own ON own.id = wanted.workspace
  JOIN workspace AS place ON place.environment_id = own.environment_id AND place.key = COALESCE(wanted.key, own.key)
  JOIN artifact ON artifact.workspace_id = place.id AND artifact.name = wanted.name
 CROSS JOIN LATERAL (
           SELECT artifact_version.id
             FROM artifact_version
            WHERE artifact_version.artifact_id = artifact.id
              AND (wanted.version IS NULL OR artifact_version.version = wanted.version)
            ORDER BY artifact_version.id DESC
            LIMIT 1) AS version
    ON CONFLICT (run_id) DO NOTHING
