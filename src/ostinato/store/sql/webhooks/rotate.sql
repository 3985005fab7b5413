-- A new secret; the one before signs beside it until then. Nothing while two sign already.
UPDATE webhook
   SET old_secret = secret,
       old_secret_until = $3,
       secret = $2,
       changed_at = $4
 WHERE id = $1 AND (old_secret_until IS NULL OR old_secret_until <= $4)
RETURNING id
