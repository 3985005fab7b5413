-- An API key stops working at once; one that was deleted before, and the local key, are not touched.
UPDATE credential
   SET deleted_at = $2
 WHERE id = $1 AND kind = 'api_key' AND deleted_at IS NULL
RETURNING id
