-- The roles of a user in the whole installation, their own and those of their groups.
SELECT COALESCE(array_agg(role ORDER BY role), '{}')
  FROM user_role
 WHERE user_id = $1
