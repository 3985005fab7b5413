-- A plan that was deleted, in one environment, of whose runs somebody may still see what is kept.
SELECT plan.id AS plan, plan.environment_id AS environment, plan.name, plan.disabled, plan.paused_at, plan.paused_by,
       NULL::bigint AS live, NULL::boolean AS queued, false AS begun
  FROM plan_ever AS plan
  JOIN environment ON environment.id = plan.environment_id
 WHERE environment.name = $2 AND plan.id = $3 AND plan.deleted_at IS NOT NULL
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = plan.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
