-- What a provider tells of somebody at every sign-in.
UPDATE app_user
   SET full_name = $2, email = $3
 WHERE id = $1
