-- A plan is paused: it refuses to start, what is at work finishes. Nothing if it is paused already.
UPDATE plan SET paused_at = $2, paused_by = $3, pause_note = $4 WHERE id = $1 AND paused_at IS NULL RETURNING id
