-- Whether a workspace has a plan of this name.
SELECT EXISTS (SELECT FROM plan WHERE workspace_id = $1 AND name = $2)
