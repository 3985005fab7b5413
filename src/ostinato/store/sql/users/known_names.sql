-- Which of these names users have.
SELECT COALESCE(array_agg(name ORDER BY name), '{}')
  FROM app_user
 WHERE name = ANY($1::text[])
