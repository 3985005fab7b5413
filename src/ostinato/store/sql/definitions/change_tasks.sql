-- What files say of tasks that exist and differ; their types and numbers never change.
UPDATE task
   SET description = new.description, config = new.config,
       uses = ARRAY(SELECT key FROM jsonb_object_keys(new.uses) AS key ORDER BY key COLLATE "C"),
       graph_id = new.graph, timeout_s = new.timeout_s, retries = new.retries, overlap = new.overlap,
       disabled = new.disabled, parameters = new.parameters, run_timeout_s = new.run_timeout_s,
       priority = new.priority, pool_id = new.pool, tags = ARRAY(SELECT key FROM json_object_keys(new.tags) AS key),
       version = task.version + 1, changed_at = $15
  FROM unnest($1::bigint[], $2::text[], $3::json[], $4::jsonb[], $5::bigint[], $6::double precision[], $7::jsonb[],
              $8::text[], $9::boolean[], $10::jsonb[], $11::double precision[], $12::integer[], $13::bigint[],
              $14::json[])
       AS new (id, description, config, uses, graph, timeout_s, retries, overlap, disabled, parameters, run_timeout_s,
               priority, pool, tags)
 WHERE task.id = new.id
