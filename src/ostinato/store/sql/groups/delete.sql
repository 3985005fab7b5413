-- A group goes, with its memberships and what was granted to it.
DELETE FROM user_group
 WHERE id = $1
