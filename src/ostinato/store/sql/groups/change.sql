-- What a group is for and what its members may do.
UPDATE user_group
   SET description = $2, roles = $3, claim = $4
 WHERE id = $1
