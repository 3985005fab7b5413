-- The names of those of these resources that are in a workspace.
SELECT id, name FROM resource WHERE workspace_id = $1 AND id = ANY($2::bigint[])
