-- A plan may start again. Nothing if it is not paused.
UPDATE plan SET paused_at = NULL, paused_by = NULL, pause_note = NULL WHERE id = $1 AND paused_at IS NOT NULL RETURNING id
