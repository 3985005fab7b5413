-- What a schedule starts and on whose behalf, as far as that may keep it from starting something. The run that is in the way is only
-- named to whoever may see it.
SELECT CASE WHEN task.id IS NOT NULL THEN 'task' WHEN plan.id IS NOT NULL THEN 'plan' END AS kind,
       COALESCE(task.name, plan.name) AS name, workspace.key AS workspace, COALESCE(task.disabled, plan.disabled) AS disabled,
       COALESCE(task.paused_at, plan.paused_at) AS paused_at, COALESCE(task.paused_by, plan.paused_by) AS paused_by,
       COALESCE(task.pause_note, plan.pause_note) AS pause_note, live.id IS NOT NULL AS in_the_way,
       CASE WHEN EXISTS (SELECT FROM workspace_access AS access
                          WHERE access.workspace_id = live.workspace_id AND access.subject_id = $1
                            AND 'VIEW' = ANY(access.permissions)) THEN live.id END AS run,
       owner.name AS owner, owner.active AS owner_is_active,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = schedule.owner_id
                  AND access.permissions @> '{VIEW,EXECUTE}') AS owner_may_start
  FROM schedule
  JOIN app_user AS owner ON owner.id = schedule.owner_id
  LEFT JOIN task ON task.id = schedule.task_id
  LEFT JOIN plan ON plan.id = schedule.plan_id
  LEFT JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
  LEFT JOIN LATERAL (
           SELECT found.id, found.workspace_id
             FROM (SELECT run.id, run.workspace_id FROM run
                    WHERE run.task_id = task.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                    UNION ALL
                   SELECT run.id, run.workspace_id FROM run
                    WHERE run.plan_id = plan.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')) AS found
            WHERE COALESCE(task.overlap, plan.overlap) = 'forbid'
            ORDER BY found.id
            LIMIT 1) AS live ON true
 WHERE schedule.id = $2
