-- The tasks of the current versions of plans, in the order of their steps.
INSERT INTO plan_member (plan_id, task_id, position)
SELECT new.plan, new.task, new.position
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS new (plan, task, position)
