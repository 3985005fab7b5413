-- What resources a workspace has, for suggestions.
SELECT name FROM resource WHERE workspace_id = $1 ORDER BY name LIMIT $2
