-- The webhooks that somebody manages, in the order they were made: all after one, or a certain one.
SELECT webhook.id, webhook.workspace_key AS workspace, environment.name AS environment, webhook.description,
       webhook.shown_url, webhook.events, webhook.names, webhook.tasks, webhook.active, webhook.failing_since,
       webhook.disabled_reason, webhook.created_at, app_user.name AS created_by, webhook.changed_at,
       webhook.old_secret_until,
       (SELECT count(*) FROM webhook_delivery AS delivery
         WHERE delivery.webhook_id = webhook.id AND delivery.state = 'waiting') AS waiting
  FROM webhook
  JOIN app_user ON app_user.id = webhook.created_by
  LEFT JOIN environment ON environment.id = webhook.environment_id
 WHERE webhook.id > $2
   AND ($3::bigint IS NULL OR webhook.id = $3)
   AND ($4::text IS NULL OR webhook.workspace_key = $4)
   AND EXISTS (SELECT FROM subject_access AS access
                WHERE access.subject_id = $1 AND 'MANAGE' = ANY(access.permissions)
                  AND (access.workspace_key IS NULL OR access.workspace_key = webhook.workspace_key)
                  AND (access.environment_id IS NULL OR access.environment_id = webhook.environment_id))
 ORDER BY webhook.id
 LIMIT $5
