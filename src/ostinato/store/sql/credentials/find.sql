-- The secrets of live credentials that begin like these, with their owners and what they may; the digest decides which one it is.
-- A token that was given for a client secret may what the secret may, unless it was limited further.
SELECT secret.prefix, secret.digest, secret.expires_at AS secret_expires_at, credential.id AS credential, credential.kind,
       credential.expires_at, COALESCE(credential.scopes, client.scopes) AS scopes,
       COALESCE(credential.workspaces, client.workspaces) AS workspaces,
       COALESCE(credential.subject_id, client.subject_id, app_user.id) AS subject,
       app_user.id AS "user", app_user.name,
       app_user.active AND (client.id IS NULL OR client.deleted_at IS NULL) AS active,
       app_user.roles || ARRAY(SELECT unnest(user_group.roles)
                                 FROM group_member
                                 JOIN user_group ON user_group.id = group_member.group_id
                                WHERE group_member.user_id = app_user.id) AS roles
  FROM credential_secret AS secret
  JOIN credential ON credential.id = secret.credential_id
  JOIN app_user ON app_user.id = credential.user_id
  LEFT JOIN credential AS client ON client.id = credential.issued_by
 WHERE secret.prefix = ANY($1::text[]) AND credential.deleted_at IS NULL
