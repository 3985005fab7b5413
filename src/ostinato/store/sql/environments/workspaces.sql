-- The workspaces of an environment.
SELECT COALESCE(array_agg(id ORDER BY id), '{}') FROM workspace WHERE environment_id = $1
