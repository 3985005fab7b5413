-- When the next window is due, or the next after a time.
SELECT min(due_at) FROM webhook_window WHERE fired_at IS NULL AND ($1::timestamptz IS NULL OR due_at > $1)
