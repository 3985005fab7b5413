-- The connections of some workspaces, secrets still encrypted.
SELECT id, workspace_id AS workspace, name, type, description, config, secrets
  FROM connection
 WHERE workspace_id = ANY($1::bigint[])
 ORDER BY name
