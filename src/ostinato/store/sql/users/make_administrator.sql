-- The first start makes the administrator.
INSERT INTO app_user (name, administrator, created_at)
VALUES ($1, true, $2)
ON CONFLICT (name) DO NOTHING
