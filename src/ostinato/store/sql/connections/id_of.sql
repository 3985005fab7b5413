-- The connection of a name in a workspace.
SELECT id FROM connection WHERE workspace_id = $1 AND name = $2
