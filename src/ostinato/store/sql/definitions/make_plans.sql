-- Plans that files define, under the ids that were reserved for them.
INSERT INTO plan (id, environment_id, workspace_id, number, name, description, version, graph_id, retries, overlap,
                  disabled, parameters, run_timeout_s, priority, created_at, changed_at)
OVERRIDING SYSTEM VALUE
SELECT new.id, $1, $2, new.number, new.name, new.description, 1, new.graph, new.retries, new.overlap, new.disabled,
       new.parameters, new.run_timeout_s, new.priority, $14, $14
  FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bigint[], $8::jsonb[], $9::text[],
              $10::boolean[], $11::jsonb[], $12::double precision[], $13::integer[])
       AS new (id, number, name, description, graph, retries, overlap, disabled, parameters, run_timeout_s, priority)
