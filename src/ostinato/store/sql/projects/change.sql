-- What is said of a project; what is not given stays.
UPDATE project
   SET description = COALESCE($2, description), url = COALESCE($3, url), owner_id = COALESCE($4, owner_id), changed_at = $5
 WHERE id = $1
RETURNING id
