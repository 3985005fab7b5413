-- Tasks move on to another version of their artifact; those that have changed in the meantime do not.
UPDATE task
   SET config = moved.config, parameters = moved.parameters, version = task.version + 1, changed_at = $5
  FROM unnest($1::bigint[], $2::integer[], $3::json[], $4::jsonb[]) AS moved (id, version, config, parameters)
 WHERE task.id = moved.id AND task.version = moved.version
RETURNING task.id
