-- Why a backfill does not go on, and when it is tried again.
UPDATE backfill SET waiting = $2, due_at = $3 WHERE id = $1 AND stopped IS NULL AND ended_at IS NULL
