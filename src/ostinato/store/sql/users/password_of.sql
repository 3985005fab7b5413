-- What the sign-in of a person is checked against.
SELECT id AS "user", name, active, password_hash
  FROM app_user
 WHERE name = $1 AND kind = 'person'
