-- What a file says of a workspace that exists.
UPDATE workspace SET name = $2, description = $3, changed_at = $4 WHERE id = $1
