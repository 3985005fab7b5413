-- One version of an artifact that somebody may see, with who published it and where it is.
SELECT artifact.id, artifact.name, artifact.type, version.version, version.parameters, version.description,
       publisher.name AS publisher, publisher.kind AS publisher_kind, version.published_at, to_jsonb(described) AS workspace
  FROM artifact
  JOIN artifact_version AS version ON version.artifact_id = artifact.id AND version.version = $3
  JOIN app_user AS publisher ON publisher.id = version.published_by
  JOIN workspace_described AS described ON described.id = artifact.workspace_id
 WHERE artifact.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = artifact.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
