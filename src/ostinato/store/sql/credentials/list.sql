-- The credentials of these kinds that work, of one user or of all, as people tell them apart: by the newest secret's last characters.
SELECT credential.id AS credential, credential.kind, app_user.name AS "user", app_user.full_name, app_user.email,
       newest.suffix, credential.description, credential.created_at, credential.last_used_at, credential.last_address,
       credential.expires_at, credential.scopes, credential.workspaces,
       (SELECT max(secret.expires_at) FROM credential_secret AS secret
         WHERE secret.credential_id = credential.id AND secret.expires_at > $3) AS old_secret_expires_at
  FROM credential
  JOIN app_user ON app_user.id = credential.user_id
 CROSS JOIN LATERAL (
           SELECT suffix
             FROM credential_secret
            WHERE credential_id = credential.id
            ORDER BY created_at DESC
            LIMIT 1) AS newest
 WHERE credential.kind = ANY($1::text[]) AND credential.deleted_at IS NULL
   AND (credential.expires_at IS NULL OR credential.expires_at > $3)
   AND ($2::text IS NULL OR app_user.name = $2)
 ORDER BY app_user.name, credential.id
