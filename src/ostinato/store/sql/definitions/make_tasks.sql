-- Tasks that files define, under the ids that were reserved for them.
INSERT INTO task (id, environment_id, workspace_id, type, number, name, description, config, uses, graph_id, timeout_s,
                  retries, overlap, disabled, parameters, run_timeout_s, priority, pool_id, tags, created_at, changed_at)
OVERRIDING SYSTEM VALUE
SELECT new.id, $1, $2, new.type, new.number, new.name, new.description, new.config,
       ARRAY(SELECT key FROM jsonb_object_keys(new.uses) AS key ORDER BY key COLLATE "C"), new.graph, new.timeout_s,
       new.retries, new.overlap, new.disabled, new.parameters, new.run_timeout_s, new.priority, new.pool,
       ARRAY(SELECT key FROM json_object_keys(new.tags) AS key), $20, $20
  FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::json[], $9::jsonb[], $10::bigint[],
              $11::double precision[], $12::jsonb[], $13::text[], $14::boolean[], $15::jsonb[],
              $16::double precision[], $17::integer[], $18::bigint[], $19::json[])
       AS new (id, type, number, name, description, config, uses, graph, timeout_s, retries, overlap, disabled,
               parameters, run_timeout_s, priority, pool, tags)
