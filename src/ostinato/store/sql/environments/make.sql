-- A new environment, if the name is free.
INSERT INTO environment (name, description, max_cloud_engines, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO NOTHING
RETURNING id
