-- A webhook trigger, unless its task or plan has one.
INSERT INTO webhook_trigger (id, environment_id, task_id, plan_id, name, description, active, token, token_digest, secret, calls, window_ms,
                             per_minute, owner_id, created_at, changed_at)
OVERRIDING SYSTEM VALUE
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
ON CONFLICT DO NOTHING
RETURNING id
