-- The webhook trigger whose address was called, by the digest of its token; its calls come one after the other.
SELECT own.id, own.name AS title, own.active, own.secret, CASE WHEN own.old_secret_until > $2 THEN own.old_secret END AS old_secret,
       own.calls, own.window_ms, own.per_minute
  FROM webhook_trigger AS own
 WHERE own.token_digest = $1 OR (own.old_token_digest = $1 AND own.old_token_until > $2)
   FOR NO KEY UPDATE
