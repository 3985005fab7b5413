-- A resource is added to a workspace; nothing if another one has the name there.
INSERT INTO resource (workspace_id, name, description, is_file, file_name, digest, size, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, decode($6, 'hex'), $7, $8, $8)
    ON CONFLICT (workspace_id, name) DO NOTHING
RETURNING id
