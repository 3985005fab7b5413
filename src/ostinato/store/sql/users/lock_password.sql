-- The same once more, and nobody changes it until the session is made: who was deactivated meanwhile does not come in.
SELECT id AS "user", name, active, password_hash
  FROM app_user
 WHERE id = $1
   FOR NO KEY UPDATE
