-- A way from one environment to another, if there is none yet.
INSERT INTO promotion (source_id, target_id, description, created_by, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (source_id, target_id) DO NOTHING
RETURNING id
