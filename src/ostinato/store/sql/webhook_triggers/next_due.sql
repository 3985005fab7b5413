-- When the next window is due.
SELECT min(due_at) FROM webhook_window WHERE fired_at IS NULL
