-- When the next of all triggers is due, or the next after a time.
SELECT min(due_at) FROM schedule_trigger WHERE due_at IS NOT NULL AND ($1::timestamptz IS NULL OR due_at > $1)
