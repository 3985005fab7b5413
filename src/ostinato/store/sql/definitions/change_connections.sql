-- What files say of connections that exist and differ.
UPDATE connection
   SET type = new.type, description = new.description, config = new.config, secrets = new.secrets, changed_at = $7
  FROM unnest($2::text[], $3::text[], $4::text[], $5::json[], $6::jsonb[]) AS new (name, type, description, config, secrets)
 WHERE connection.workspace_id = $1 AND connection.name = new.name
