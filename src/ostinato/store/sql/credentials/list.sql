-- The API keys that work, of one user or of all, as people tell them apart; the local key is the server's own affair.
SELECT credential.id AS credential, app_user.name AS "user", credential.suffix, credential.description,
       credential.created_at, credential.last_used_at
  FROM credential
  JOIN app_user ON app_user.id = credential.user_id
 WHERE credential.kind = 'api_key' AND credential.deleted_at IS NULL AND ($1::text IS NULL OR app_user.name = $1)
 ORDER BY app_user.name, credential.id
