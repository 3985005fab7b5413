-- Triggers that are due, the one that waits longest first, from after one of them on.
SELECT own.id, own.schedule_id AS schedule, own.name, own.definition, own.missed, own.most_missed, own.grace_s, own.planned_at,
       own.due_at, own.version, schedule.environment_id AS environment, schedule.task_id AS task, schedule.plan_id AS plan,
       schedule.owner_id AS owner, app_user.name AS owner_name
  FROM schedule_trigger AS own
  JOIN schedule ON schedule.id = own.schedule_id
  JOIN app_user ON app_user.id = schedule.owner_id
 WHERE own.due_at <= $1 AND ($3::timestamptz IS NULL OR (own.due_at, own.id) > ($3, $4::bigint))
 ORDER BY own.due_at, own.id
 LIMIT $2
