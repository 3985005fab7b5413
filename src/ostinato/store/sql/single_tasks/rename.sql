-- A task gets another name; nothing if it has not the one that was expected. It is a version of its own unless one was made already.
UPDATE task
   SET name = $3, version = version + CASE WHEN $4 THEN 1 ELSE 0 END, changed_at = $5
 WHERE id = $1 AND name = $2
RETURNING id
