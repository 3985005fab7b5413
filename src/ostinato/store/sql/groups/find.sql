-- A group by number or by name.
SELECT id, name
  FROM user_group
 WHERE id = $1::bigint OR name = $2::text
