-- A workspace that a file defines.
INSERT INTO workspace (environment_id, key, name, description, created_at)
VALUES ($1, $2, $3, $4, $5)
RETURNING id
