-- The versions of an artifact that somebody may see, the newest first, or one of them; whether they may author in its workspace.
SELECT version.version, encode(version.digest, 'hex') AS digest, version.size, version.entry, version.parameters,
       version.description, app_user.name AS published_by, version.published_at,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = artifact.workspace_id AND access.subject_id = $1
                  AND 'AUTHOR' = ANY(access.permissions)) AS may_author
  FROM artifact
  JOIN artifact_version AS version ON version.artifact_id = artifact.id
  JOIN app_user ON app_user.id = version.published_by
 WHERE artifact.id = $2 AND ($3::text IS NULL OR version.version = $3)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = artifact.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
 ORDER BY version.id DESC
