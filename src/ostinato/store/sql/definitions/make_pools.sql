-- Pools that files define.
INSERT INTO pool (environment_id, name, slots, description, created_at, changed_at)
SELECT $1, new.name, new.slots, new.description, $5, $5
  FROM unnest($2::text[], $3::integer[], $4::text[]) AS new (name, slots, description)
RETURNING name, id
