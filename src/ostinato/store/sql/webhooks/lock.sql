-- Lock a webhook for a change, if somebody manages it.
SELECT webhook.id
  FROM webhook
 WHERE webhook.id = $2
   AND EXISTS (SELECT FROM subject_access AS access
                WHERE access.subject_id = $1 AND 'MANAGE' = ANY(access.permissions)
                  AND (access.workspace_key IS NULL OR access.workspace_key = webhook.workspace_key)
                  AND (access.environment_id IS NULL OR access.environment_id = webhook.environment_id))
   FOR UPDATE OF webhook
