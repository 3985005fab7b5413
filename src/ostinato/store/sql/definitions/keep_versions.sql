-- Immutable versions of plans whose steps are new.
INSERT INTO plan_version (plan_id, version, graph_id, created_at, created_by)
SELECT new.plan, new.version, new.graph, $4, $5
  FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS new (plan, version, graph)
