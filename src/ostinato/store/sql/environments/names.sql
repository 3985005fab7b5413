-- The names of all environments.
SELECT COALESCE(array_agg(name ORDER BY name), '{}')
  FROM environment
