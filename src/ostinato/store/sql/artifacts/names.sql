-- What artifacts a workspace has, for suggestions.
SELECT name FROM artifact WHERE workspace_id = $1 ORDER BY name LIMIT $2
