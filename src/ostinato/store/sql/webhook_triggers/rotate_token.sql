-- A new address; the one before works beside it until then. Nothing while two work already, unless no other one is to work any more.
UPDATE webhook_trigger
   SET old_token_digest = CASE WHEN $4::timestamptz > $5 THEN token_digest END,
       old_token_until = CASE WHEN $4::timestamptz > $5 THEN $4::timestamptz END,
       token = $2,
       token_digest = $3,
       owner_id = $6,
       changed_at = $5
 WHERE id = $1 AND (old_token_until IS NULL OR old_token_until <= $5 OR $4 <= $5)
RETURNING id
