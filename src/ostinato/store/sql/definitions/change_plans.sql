-- What files say of plans that exist and differ.
UPDATE plan
   SET description = new.description, version = new.version, graph_id = new.graph, retries = new.retries,
       overlap = new.overlap, disabled = new.disabled, parameters = new.parameters,
       run_timeout_s = new.run_timeout_s, priority = new.priority, changed_at = $11
  FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::jsonb[], $6::text[], $7::boolean[],
              $8::jsonb[], $9::double precision[], $10::integer[])
       AS new (id, description, version, graph, retries, overlap, disabled, parameters, run_timeout_s, priority)
 WHERE plan.id = new.id
