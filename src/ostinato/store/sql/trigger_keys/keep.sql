-- Remember which runs these keys started. A key that somebody else took in the same moment does not come back.
INSERT INTO trigger_key (scope, key, run_id, task_id, plan_id, created_at)
SELECT kept.scope, kept.key, kept.run, kept.task, kept.plan, $6
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS kept (scope, key, run, task, plan)
    ON CONFLICT (scope, key) DO NOTHING
RETURNING run_id
