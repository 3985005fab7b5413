-- Closed windows that are to fire, the one that waits longest first, with what their calls brought.
SELECT due.id AS window, due.due_at, own.id AS trigger, own.name AS title, own.task_id AS task, own.plan_id AS plan, own.owner_id AS owner,
       app_user.name AS owner_name,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('type', call.type, 'data', call.data) ORDER BY call.id)
          FROM webhook_call AS call
         WHERE call.window_id = due.id), '[]') AS payloads
  FROM webhook_window AS due
  JOIN webhook_trigger AS own ON own.id = due.trigger_id
  JOIN app_user ON app_user.id = own.owner_id
 WHERE due.fired_at IS NULL AND due.due_at <= $1 AND due.closed AND ($3::bigint IS NULL OR due.id = $3)
 ORDER BY due.due_at
 LIMIT $2
