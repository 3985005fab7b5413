-- Webhook triggers of tasks and plans that somebody may see, the newest first. What opens the address is for those who may start it.
SELECT own.id, own.environment_id, environment.name AS environment, own.task_id, own.plan_id, COALESCE(task.name, plan.name) AS name,
       workspace.key AS workspace, own.name AS title, own.description, own.active,
       CASE WHEN access.may_execute THEN own.token END AS token, own.secret IS NOT NULL AS signed,
       own.old_token_until, own.old_secret_until, own.calls, own.window_ms, own.per_minute, owner.name AS owner, own.created_at, own.changed_at,
       (SELECT max(call.received_at) FROM webhook_call AS call WHERE call.trigger_id = own.id) AS called_at,
       access.may_execute, count(*) OVER () AS total
  FROM webhook_trigger AS own
  JOIN environment ON environment.id = own.environment_id
  JOIN app_user AS owner ON owner.id = own.owner_id
  LEFT JOIN task ON task.id = own.task_id
  LEFT JOIN plan ON plan.id = own.plan_id
  JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
  JOIN (SELECT workspace_id, bool_or('EXECUTE' = ANY(permissions)) AS may_execute
          FROM workspace_access
         WHERE subject_id = $1
         GROUP BY workspace_id
        HAVING bool_or('VIEW' = ANY(permissions))) AS access ON access.workspace_id = workspace.id
 WHERE ($2::bigint IS NULL OR own.id = $2)
   AND ($3::text IS NULL OR environment.name = $3)
   AND ($4::bigint IS NULL OR own.task_id = $4)
   AND ($5::bigint IS NULL OR own.plan_id = $5)
 ORDER BY own.id DESC
 LIMIT $6 OFFSET $7
