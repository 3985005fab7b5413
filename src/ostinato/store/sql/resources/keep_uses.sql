-- The resources that tasks get, and under which names.
INSERT INTO task_resource (task_id, parameter, resource_id)
SELECT new.task, new.parameter, new.resource
  FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS new (task, parameter, resource)
