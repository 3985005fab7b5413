-- The live credentials whose keys begin like these, with their owners; the digest decides which one it is.
SELECT credential.prefix, credential.id AS credential, credential.digest, app_user.id AS "user", app_user.name, app_user.administrator,
       app_user.active
  FROM credential
  JOIN app_user ON app_user.id = credential.user_id
 WHERE credential.prefix = ANY($1::text[]) AND credential.deleted_at IS NULL
