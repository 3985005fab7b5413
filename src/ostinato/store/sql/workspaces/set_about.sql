-- What is said of a workspace by whoever manages environments.
UPDATE workspace
   SET name = $2, description = $3, owner_id = $4, protected = $5, changed_at = $6
 WHERE id = $1
