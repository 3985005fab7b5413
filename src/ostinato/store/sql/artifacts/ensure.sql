-- The artifact of a name in a workspace, made if it is not there, and held against whoever else would publish it.
INSERT INTO artifact (workspace_id, name, type, created_at)
VALUES ($1, $2, $3, $4)
    ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name
RETURNING id, type
