-- How a task is run; nothing if it has changed in the meantime.
UPDATE task
   SET overlap = $3, timeout_s = $4, config = $5, version = version + 1, changed_at = $6
 WHERE id = $1 AND version = $2
RETURNING id
