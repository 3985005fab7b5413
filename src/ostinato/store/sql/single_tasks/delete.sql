-- A task goes; its runs are still told of. Nothing if it has gone already.
UPDATE task SET deleted_at = $2, changed_at = $2 WHERE id = $1 RETURNING id
