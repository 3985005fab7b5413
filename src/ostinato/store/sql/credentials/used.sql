-- When credentials were last used, written down for many requests at once.
UPDATE credential
   SET last_used_at = $2
 WHERE id = ANY($1::bigint[])
