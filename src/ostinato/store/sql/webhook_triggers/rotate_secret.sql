-- A new secret; what is signed with the one before is taken until then. Nothing while two are taken already, unless
-- no other one is to be taken any more.
UPDATE webhook_trigger
   SET old_secret = CASE WHEN $3::timestamptz > $4 THEN secret END,
       old_secret_until = CASE WHEN $3::timestamptz > $4 AND secret IS NOT NULL THEN $3::timestamptz END,
       secret = $2,
       owner_id = $5,
       changed_at = $4
 WHERE id = $1 AND (old_secret_until IS NULL OR old_secret_until <= $4 OR $3 <= $4)
RETURNING id
