-- What files say of plans that exist and differ.
UPDATE plan
   SET description = new.description, version = new.version, graph_id = new.graph, overlap = new.overlap,
       disabled = new.disabled, changed_at = $7
  FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::text[], $6::boolean[])
       AS new (id, description, version, graph, overlap, disabled)
 WHERE plan.id = new.id
