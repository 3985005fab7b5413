-- The local key of the command line is replaced at every start.
UPDATE credential
   SET deleted_at = $3
 WHERE user_id = $1 AND kind = $2 AND deleted_at IS NULL
