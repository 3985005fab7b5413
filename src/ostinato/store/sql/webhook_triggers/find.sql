-- The webhook trigger of an address, by the digest of its token.
SELECT id, secret, CASE WHEN old_secret_until > $2 THEN old_secret END AS old_secret
  FROM webhook_trigger
 WHERE token_digest = $1 OR (old_token_digest = $1 AND old_token_until > $2)
