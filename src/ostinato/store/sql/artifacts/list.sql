-- The artifacts that somebody may see, with all their versions, the newest first.
SELECT artifact.id, artifact.name, artifact.type, workspace.key AS workspace, environment.name AS environment,
       artifact.created_at,
       ARRAY(SELECT version.version
               FROM artifact_version AS version
              WHERE version.artifact_id = artifact.id
              ORDER BY version.id DESC) AS versions
  FROM artifact
  JOIN workspace ON workspace.id = artifact.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1 AND 'VIEW' = ANY(access.permissions))
   AND ($2::text IS NULL OR workspace.key = $2)
   AND ($3::text IS NULL OR environment.name = $3)
   AND ($4::text IS NULL OR artifact.name = $4)
   AND ($5::bigint IS NULL OR artifact.id = $5)
 ORDER BY environment.name, workspace.key, artifact.name
 LIMIT $6 OFFSET $7
