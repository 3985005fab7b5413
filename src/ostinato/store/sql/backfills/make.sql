-- A backfill, unless whoever makes it has made one under this key.
INSERT INTO backfill (task_id, plan_id, description, begin_at, end_at, triggers, newest_first, concurrency, version, graph_id,
                      parameters, priority, stop_on_failure, owner_id, key, created_at, due_at, total)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17)
    ON CONFLICT (owner_id, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id
