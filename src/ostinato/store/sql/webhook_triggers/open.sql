-- A window opens with its first call, which can be its last.
INSERT INTO webhook_window (trigger_id, opened_at, due_at, calls, size, closed)
VALUES ($1, $2, $3, 1, $4, $5)
RETURNING id, calls, closed, due_at
