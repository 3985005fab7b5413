-- Plans that files define, under the ids that were reserved for them.
INSERT INTO plan (id, environment_id, workspace_id, number, name, description, version, graph_id, overlap, disabled,
                  created_at, changed_at)
OVERRIDING SYSTEM VALUE
SELECT new.id, $1, $2, new.number, new.name, new.description, 1, new.graph, new.overlap, new.disabled, $10, $10
  FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::boolean[])
       AS new (id, number, name, description, graph, overlap, disabled)
