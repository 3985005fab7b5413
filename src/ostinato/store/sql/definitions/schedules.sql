-- The schedules of the tasks and plans of some workspaces, with their triggers.
SELECT schedule.id, COALESCE(task.workspace_id, plan.workspace_id) AS workspace, task.name AS task, plan.name AS plan,
       schedule.description,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('name', own.name, 'definition', own.definition, 'missed', own.missed,
                                                     'most_missed', own.most_missed, 'grace_s', own.grace_s) ORDER BY own.id)
                   FROM schedule_trigger AS own
                  WHERE own.schedule_id = schedule.id), '[]') AS triggers
  FROM schedule
  LEFT JOIN task ON task.id = schedule.task_id
  LEFT JOIN plan ON plan.id = schedule.plan_id
 WHERE COALESCE(task.workspace_id, plan.workspace_id) = ANY($1::bigint[])
 ORDER BY schedule.id
