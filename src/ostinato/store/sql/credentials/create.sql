-- Keep the digest of a new key; the key itself is shown once and never stored.
INSERT INTO credential (user_id, kind, prefix, suffix, digest, description, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id
