-- The open window closes, because the next call has no room in it.
UPDATE webhook_window SET closed = true, due_at = LEAST(due_at, $2) WHERE trigger_id = $1 AND NOT closed
