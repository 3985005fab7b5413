-- A call, as it came.
INSERT INTO webhook_call (trigger_id, window_id, key, received_at, address, type, data)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id
