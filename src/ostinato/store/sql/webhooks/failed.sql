-- A receiver failed: since when is remembered, and it is disabled if it is gone, or has only failed since a time long ago.
UPDATE webhook
   SET failing_since = COALESCE(webhook.failing_since, $2),
       active = before.active AND NOT before.is_over,
       disabled_reason = CASE WHEN NOT before.active THEN webhook.disabled_reason
                              WHEN before.is_over THEN COALESCE($5, $6) END
  FROM (SELECT id, active, $3::boolean OR COALESCE(failing_since, $2) <= $4 AS is_over FROM webhook WHERE id = $1 FOR UPDATE) AS before
 WHERE webhook.id = before.id
RETURNING before.active AND before.is_over AS disabled, webhook.disabled_reason, webhook.shown_url, webhook.workspace_key AS workspace,
          (SELECT name FROM environment WHERE environment.id = webhook.environment_id) AS environment
