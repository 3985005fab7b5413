-- The runs that earlier requests with these keys started, and what of.
SELECT trigger_key.scope, trigger_key.key, trigger_key.run_id AS run, trigger_key.task_id AS task, trigger_key.plan_id AS plan,
       trigger_key.rerun_of
  FROM unnest($1::text[], $2::text[]) AS asked (scope, key)
  JOIN trigger_key ON trigger_key.scope = asked.scope AND trigger_key.key = asked.key
