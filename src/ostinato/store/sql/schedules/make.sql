-- A schedule, unless its task or plan has one.
INSERT INTO schedule (environment_id, description, task_id, plan_id, own, owner_id, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT DO NOTHING
RETURNING id
