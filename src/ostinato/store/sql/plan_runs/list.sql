-- The runs of a plan that were started by themselves, the newest first, live or kept; only of a plan that somebody may see.
SELECT run.run, run.day, run.state, run.cause, run.queued_at, run.ended_at
  FROM plan_ever AS plan
 CROSS JOIN LATERAL find_plan_runs(plan.id, $3, $4, $5, $6, $7, $8, $9::bigint + $10::bigint) AS run
 WHERE plan.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = plan.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
 ORDER BY run.run DESC
 LIMIT $9 OFFSET $10
