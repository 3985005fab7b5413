-- The tasks of one plan as their viewers see them, in the order of its steps.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.user_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), page AS (
    SELECT task.id, task.type, task.number, task.name, task.disabled, task.changed_at,
           plan.number AS plan_number, plan.name AS plan_name, member.position
      FROM plan
      JOIN plan_member AS member ON member.plan_id = plan.id
      JOIN task ON task.id = member.task_id
     WHERE plan.workspace_id IN (SELECT id FROM seen) AND plan.number = $5 AND task.type = ANY($4)
       AND (task.workspace_id = plan.workspace_id
            OR EXISTS (SELECT FROM workspace_access AS access
                        WHERE access.workspace_id = task.workspace_id AND access.user_id = $1
                          AND 'VIEW' = ANY(access.permissions)))
     ORDER BY member.position, task.type, task.number
     LIMIT $6 OFFSET $7
)
SELECT page.type, page.number, page.name, page.plan_number, page.plan_name,
       CASE WHEN page.disabled THEN 'disabled'
            WHEN live.state = 'QUEUED' THEN 'queued'
            WHEN live.state IS NOT NULL THEN 'running'
            WHEN last.state IN ('FAILED', 'CANCELLED') THEN 'failed'
            WHEN last.state = 'SUCCEEDED' AND page.changed_at <= COALESCE(last.started_at, last.ended_at) THEN 'succeeded'
            ELSE 'outdated' END AS standing,
       COALESCE(live.started_at, last.started_at) AS started_at,
       CASE WHEN live.started_at IS NULL THEN last.ended_at END AS ended_at,
       last.started_at AS last_started_at, last.ended_at AS last_ended_at
  FROM page
  LEFT JOIN LATERAL (
           SELECT run.state, COALESCE(run.started_at, CASE WHEN run.state <> 'QUEUED' THEN run.queued_at END) AS started_at
             FROM run
            WHERE run.task_id = page.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
            ORDER BY run.state = 'QUEUED', run.id DESC
            LIMIT 1) AS live ON true
  LEFT JOIN LATERAL (
           SELECT run.state, run.started_at, run.ended_at
             FROM run
            WHERE run.task_id = page.id AND run.state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
            ORDER BY run.id DESC
            LIMIT 1) AS last ON true
 ORDER BY page.position, page.type, page.number
