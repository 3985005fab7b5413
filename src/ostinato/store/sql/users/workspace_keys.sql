-- The keys that a right can be about: those of the workspaces of all environments.
SELECT DISTINCT key
  FROM workspace
 ORDER BY key
