-- Schedules that somebody may see, the newest first, with their triggers: one that is bound, by whoever may look into the workspace
-- of its task or plan; one that is not, by whoever may look into any workspace of the environment.
WITH seen AS MATERIALIZED (
    SELECT access.workspace_id, workspace.environment_id, bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
      FROM workspace_access AS access
      JOIN workspace ON workspace.id = access.workspace_id
     WHERE access.subject_id = $1 AND 'VIEW' = ANY(access.permissions)
     GROUP BY access.workspace_id, workspace.environment_id
)
SELECT schedule.id, schedule.environment_id, environment.name AS environment, schedule.description, schedule.task_id,
       schedule.plan_id, COALESCE(task.name, plan.name) AS name, workspace.key AS workspace, schedule.own,
       owner.name AS owner, schedule.created_at, schedule.changed_at,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', own.id, 'name', own.name, 'definition', own.definition,
                                                     'missed', own.missed, 'most_missed', own.most_missed, 'grace_s', own.grace_s,
                                                     'planned_at', own.planned_at, 'due_at', own.due_at,
                                                     'version', own.version) ORDER BY own.id)
                   FROM schedule_trigger AS own
                  WHERE own.schedule_id = schedule.id), '[]') AS triggers,
       COALESCE((SELECT bool_or(seen.may_execute)
                   FROM seen
                  WHERE seen.workspace_id = COALESCE(task.workspace_id, plan.workspace_id)
                     OR (num_nonnulls(task.id, plan.id) = 0 AND seen.environment_id = schedule.environment_id)), false)
       AS may_execute,
       count(*) OVER () AS total
  FROM schedule
  JOIN environment ON environment.id = schedule.environment_id
  JOIN app_user AS owner ON owner.id = schedule.owner_id
  LEFT JOIN task ON task.id = schedule.task_id
  LEFT JOIN plan ON plan.id = schedule.plan_id
  LEFT JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
 WHERE ($2::bigint IS NULL OR schedule.id = $2)
   AND ($3::text IS NULL OR environment.name = $3)
   AND ($4::bigint IS NULL OR schedule.environment_id = $4)
   AND ($5::bigint IS NULL OR schedule.task_id = $5)
   AND ($6::bigint IS NULL OR schedule.plan_id = $6)
   AND ($7::boolean IS NULL OR (num_nonnulls(task.id, plan.id) = 1) = $7)
   AND ($8::boolean IS NULL OR schedule.own = $8)
   AND ($9::text IS NULL OR schedule.description ~ $9)
   AND ($10::bigint[] IS NULL OR workspace.id = ANY($10))
   AND ($11::text[] IS NULL OR task.tags @> $11)
   AND EXISTS (SELECT
                 FROM seen
                WHERE seen.workspace_id = workspace.id
                   OR (num_nonnulls(task.id, plan.id) = 0 AND seen.environment_id = schedule.environment_id))
 ORDER BY schedule.id DESC
 LIMIT $12 OFFSET $13
