-- A task that uses the connection of a name in its workspace; the first by name.
SELECT name FROM task WHERE workspace_id = $1 AND uses @> ARRAY[$2::text] ORDER BY name LIMIT 1
