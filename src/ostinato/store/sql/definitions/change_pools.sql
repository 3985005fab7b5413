-- What files say of pools that exist and differ.
UPDATE pool
   SET slots = new.slots, description = new.description, changed_at = $5
  FROM unnest($2::text[], $3::integer[], $4::text[]) AS new (name, slots, description)
 WHERE pool.environment_id = $1 AND pool.name = new.name
