-- A server says that it lives, for all its attempts at once. No row: it was given up, its attempts belong to others.
UPDATE server_session
   SET alive_until = $2
 WHERE id = $1 AND alive_until > '-infinity'
RETURNING id
