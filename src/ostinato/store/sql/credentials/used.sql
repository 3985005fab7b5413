-- When credentials were last used, and from where, written down for many requests at once.
UPDATE credential
   SET last_used_at = $3, last_address = used.address
  FROM unnest($1::bigint[], $2::text[]) AS used (id, address)
 WHERE credential.id = used.id
