-- A new workspace of an environment.
INSERT INTO workspace (environment_id, key, name, description, owner_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
