-- How many credentials of one kind a user has that work; the user is locked so that two requests cannot both take the last place.
SELECT count(credential.id)
  FROM (SELECT id FROM app_user WHERE id = $1 FOR UPDATE) AS owner
  LEFT JOIN credential ON credential.user_id = owner.id AND credential.kind = $2 AND credential.deleted_at IS NULL
                      AND (credential.expires_at IS NULL OR credential.expires_at > $3)
