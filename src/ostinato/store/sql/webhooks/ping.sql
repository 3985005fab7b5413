-- A message that only shows whether the receiver takes it.
INSERT INTO webhook_delivery (webhook_id, message, event, body, due_at, created_at)
VALUES ($1, $2, 'ping', $3, $4, $4)
RETURNING id
