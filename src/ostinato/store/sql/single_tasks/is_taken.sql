-- Whether a workspace has a task of a name.
SELECT EXISTS (SELECT FROM task WHERE workspace_id = $1 AND name = $2)
