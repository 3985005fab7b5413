-- A group of a new name.
INSERT INTO user_group (name, description, roles, claim, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING id
