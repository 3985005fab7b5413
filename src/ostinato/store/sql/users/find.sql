-- A user by number or by name, of one kind or of any.
SELECT id, name, kind
  FROM app_user
 WHERE (id = $1::bigint OR name = $2::text) AND ($3::text IS NULL OR kind = $3)
