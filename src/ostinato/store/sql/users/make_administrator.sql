-- The first start makes the administrator.
INSERT INTO app_user (name, roles, created_at)
VALUES ($1, '{ADMINISTRATOR}', $2)
ON CONFLICT (name) DO NOTHING
