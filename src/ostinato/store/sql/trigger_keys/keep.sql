-- Remember which runs these keys started. A key that somebody else took in the same moment does not come back.
INSERT INTO trigger_key (scope, key, run_id, task_id, plan_id, rerun_of, created_at)
SELECT kept.scope, kept.key, kept.run, kept.task, kept.plan, kept.rerun_of, $7
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS kept (scope, key, run, task, plan, rerun_of)
    ON CONFLICT (scope, key) DO NOTHING
RETURNING run_id
