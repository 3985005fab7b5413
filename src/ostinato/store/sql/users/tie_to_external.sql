-- A person who came through an OpenID provider is known by its id from now on; nobody who can sign in otherwise is taken over.
UPDATE app_user
   SET issuer = $2, external_id = $3
 WHERE id = $1 AND issuer IS NULL AND password_hash IS NULL AND kind = 'person'
RETURNING id
