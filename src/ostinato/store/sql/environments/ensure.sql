-- The environments of the first start.
INSERT INTO environment (name, stage, created_at)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
