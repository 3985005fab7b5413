-- Runs that start get the version their task names, or the newest; a run that had one before keeps it.
INSERT INTO run_artifact (run_id, version_id)
SELECT wanted.run, version.id
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS wanted (run, workspace, name, version)
  JOIN artifact ON artifact.workspace_id = wanted.workspace AND artifact.name = wanted.name
 CROSS JOIN LATERAL (
           SELECT artifact_version.id
             FROM artifact_version
            WHERE artifact_version.artifact_id = artifact.id
              AND (wanted.version IS NULL OR artifact_version.version = wanted.version)
            ORDER BY artifact_version.id DESC
            LIMIT 1) AS version
    ON CONFLICT (run_id) DO NOTHING
