-- What workers need to open the connections of the tasks that start; secrets still encrypted.
SELECT connection.workspace_id AS workspace, connection.name, connection.type, connection.config, connection.secrets
  FROM unnest($1::bigint[], $2::text[]) AS wanted (workspace, name)
  JOIN connection ON connection.workspace_id = wanted.workspace AND connection.name = wanted.name
