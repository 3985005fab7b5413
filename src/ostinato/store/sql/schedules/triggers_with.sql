-- The triggers of an environment whose calendars name a list of holidays.
SELECT own.id, own.schedule_id AS schedule, own.definition, own.planned_at, own.version,
       num_nonnulls(schedule.task_id, schedule.plan_id) = 1 AS bound
  FROM schedule_trigger AS own
  JOIN schedule ON schedule.id = own.schedule_id
 WHERE schedule.environment_id = $1 AND own.definition -> 'calendar' -> 'lists' ? $2
 ORDER BY own.id
