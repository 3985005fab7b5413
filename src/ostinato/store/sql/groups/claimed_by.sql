-- The group that a provider calls so.
SELECT name
  FROM user_group
 WHERE claim = $1
