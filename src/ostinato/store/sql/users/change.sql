-- What is known of a user, and whether they may still come in.
UPDATE app_user
   SET full_name = $2, email = $3, active = $4, roles = $5
 WHERE id = $1
