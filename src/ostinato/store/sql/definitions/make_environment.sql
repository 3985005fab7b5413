-- An environment that a file defines.
INSERT INTO environment (name, description, stage, created_at)
VALUES ($1, $2, $3, $4)
RETURNING id
