-- When somebody signed in last.
UPDATE app_user
   SET signed_in_at = $2
 WHERE id = $1
