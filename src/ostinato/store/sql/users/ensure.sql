-- A user of this name, made without any rights if there is none.
INSERT INTO app_user (name, created_at)
VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name
RETURNING id
