-- A new secret of a credential; the ones before work until a time, those that do not any more are forgotten.
WITH old AS (
    UPDATE credential_secret
       SET expires_at = $5
     WHERE credential_id = $1 AND expires_at IS NULL
), forgotten AS (
    DELETE FROM credential_secret WHERE credential_id = $1 AND expires_at <= $6
)
INSERT INTO credential_secret (digest, credential_id, prefix, suffix, created_at)
VALUES ($2, $1, $3, $4, $6)
