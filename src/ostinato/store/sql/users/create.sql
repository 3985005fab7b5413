-- A person or a service account of a new name.
INSERT INTO app_user (name, kind, full_name, email, roles, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO NOTHING
RETURNING id
