-- A data trigger, unless its task or plan has one.
INSERT INTO data_trigger (environment_id, task_id, plan_id, condition, active, owner_id, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT DO NOTHING
RETURNING id
