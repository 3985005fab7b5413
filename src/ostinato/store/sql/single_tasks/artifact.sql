-- An artifact that somebody may see, with one of its versions, or the newest if none is named.
SELECT artifact.id, artifact.name, artifact.type, artifact.workspace_id AS workspace, workspace.key, workspace.environment_id AS environment,
       newest.version AS newest,
       (SELECT jsonb_build_object('id', version.id, 'version', version.version, 'parameters', version.parameters)
          FROM artifact_version AS version
         WHERE version.artifact_id = artifact.id AND version.version = COALESCE($3, newest.version)) AS version
  FROM artifact
  JOIN workspace ON workspace.id = artifact.workspace_id
 CROSS JOIN LATERAL (SELECT one.version
                       FROM artifact_version AS one
                      WHERE one.artifact_id = artifact.id
                      ORDER BY one.id DESC
                      LIMIT 1) AS newest
 WHERE artifact.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = artifact.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
