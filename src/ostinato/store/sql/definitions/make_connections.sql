-- Connections that files define; secrets come encrypted.
INSERT INTO connection (workspace_id, name, type, description, config, secrets, created_at, changed_at)
SELECT $1, new.name, new.type, new.description, new.config, new.secrets, $7, $7
  FROM unnest($2::text[], $3::text[], $4::text[], $5::json[], $6::jsonb[]) AS new (name, type, description, config, secrets)
