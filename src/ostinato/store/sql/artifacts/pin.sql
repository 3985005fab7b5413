-- Runs that start get the version their task names, or the newest; a run that had one before keeps it.
INSERT INTO run_artifact (run_id, version_id)
SELECT wanted.run, version.id
  FROM unnest($1::bigint[]) AS wanted (run)
  JOIN run ON run.id = wanted.run
  JOIN task_artifact ON task_artifact.task_id = run.task_id
 CROSS JOIN LATERAL (
           SELECT artifact_version.id
             FROM artifact_version
            WHERE artifact_version.artifact_id = task_artifact.artifact_id
              AND (task_artifact.version_id IS NULL OR artifact_version.id = task_artifact.version_id)
            ORDER BY artifact_version.id DESC
            LIMIT 1) AS version
    ON CONFLICT (run_id) DO NOTHING
