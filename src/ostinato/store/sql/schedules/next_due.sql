-- When the next of all triggers is due.
SELECT min(due_at) FROM schedule_trigger WHERE due_at IS NOT NULL
