-- The user whom an OpenID provider knows by this id.
SELECT name
  FROM app_user
 WHERE issuer = $1 AND external_id = $2
