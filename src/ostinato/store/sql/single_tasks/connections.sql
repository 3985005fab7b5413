-- The names of those of these connections that are in a workspace.
SELECT id, name FROM connection WHERE workspace_id = $1 AND id = ANY($2::bigint[])
