-- What a promotion is for.
UPDATE promotion
   SET description = $2, changed_at = $3
 WHERE id = $1
RETURNING id
