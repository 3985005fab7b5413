-- The keys that a right can be about: those of the workspaces of all environments.
SELECT coalesce(array_agg(DISTINCT key ORDER BY key), '{}')
  FROM workspace
