-- Everybody who signed in as this user has to do it again, but for one session.
UPDATE credential
   SET deleted_at = $2
 WHERE user_id = $1 AND kind = 'session' AND deleted_at IS NULL AND id IS DISTINCT FROM $3
