-- The sources of a data trigger; one that is there already keeps its successes.
INSERT INTO data_trigger_source (trigger_id, task_id, plan_id, position)
SELECT $1, wanted.task, wanted.plan, wanted.position
  FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted (task, plan, position)
    ON CONFLICT (trigger_id, task_id, plan_id) DO UPDATE SET position = EXCLUDED.position
