-- The keys and names of the workspaces of an environment: a new one takes neither.
SELECT key, name FROM workspace WHERE environment_id = $1
