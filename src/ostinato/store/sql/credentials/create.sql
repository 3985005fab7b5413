-- Keep the digest of a new credential; what opens it is shown once and never stored.
WITH made AS (
    INSERT INTO credential (user_id, kind, description, expires_at, scopes, workspaces, subject_id, issued_by, created_at)
    VALUES ($1, $2, $6, $7, $8, $9,
            CASE WHEN $8::text[] IS NOT NULL OR $9::text[] IS NOT NULL THEN nextval('app_user_id_seq') END, $10, $11)
    RETURNING id, created_at
)
INSERT INTO credential_secret (digest, credential_id, prefix, suffix, created_at)
SELECT $5, id, $3, $4, created_at
  FROM made
RETURNING credential_id
