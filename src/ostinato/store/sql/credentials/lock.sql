-- A credential that works, with its owner, locked until the transaction ends.
SELECT credential.id AS credential, credential.kind, credential.user_id AS "user", app_user.name, credential.description,
       (SELECT count(*) FROM credential_secret AS secret
         WHERE secret.credential_id = credential.id AND (secret.expires_at IS NULL OR secret.expires_at > $2)) AS live_secrets
  FROM credential
  JOIN app_user ON app_user.id = credential.user_id
 WHERE credential.id = $1 AND credential.deleted_at IS NULL AND (credential.expires_at IS NULL OR credential.expires_at > $2)
   FOR NO KEY UPDATE OF credential
