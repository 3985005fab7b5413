-- The resources of these names in workspaces that are applied to.
SELECT resource.workspace_id AS workspace, resource.name, resource.id
  FROM (SELECT DISTINCT workspace, name FROM unnest($1::bigint[], $2::text[]) AS given (workspace, name)) AS wanted
  JOIN resource ON resource.workspace_id = wanted.workspace AND resource.name = wanted.name
