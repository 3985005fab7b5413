-- What workers need of the resources of the tasks that start; held, so that whoever replaces one sees who has begun with it.
SELECT resource.workspace_id AS workspace, resource.name, encode(resource.digest, 'hex') AS digest, resource.is_file,
       resource.file_name
  FROM unnest($1::bigint[], $2::text[]) AS wanted (workspace, name)
  JOIN resource ON resource.workspace_id = wanted.workspace AND resource.name = wanted.name
   FOR SHARE OF resource
