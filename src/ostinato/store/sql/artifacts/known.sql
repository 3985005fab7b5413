-- The artifacts of these names in workspaces that are applied to, with the newest version and those that are asked for.
SELECT artifact.workspace_id AS workspace, artifact.id, artifact.name, artifact.type, version.id AS version_id,
       version.version, version.parameters
  FROM (SELECT DISTINCT workspace, name FROM unnest($1::bigint[], $2::text[]) AS given (workspace, name)) AS wanted
  JOIN artifact ON artifact.workspace_id = wanted.workspace AND artifact.name = wanted.name
  JOIN artifact_version AS version ON version.artifact_id = artifact.id
 WHERE version.id = (SELECT max(newest.id) FROM artifact_version AS newest WHERE newest.artifact_id = artifact.id)
    OR version.version = ANY($3::text[])
 ORDER BY artifact.id, version.id DESC
