-- The tasks of one plan as their viewers see them, in the order of its steps.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), page AS MATERIALIZED (
    SELECT task.id, task.type, task.number, task.name,
           plan.number AS plan_number, plan.name AS plan_name, member.position
      FROM plan
      JOIN plan_member AS member ON member.plan_id = plan.id
      JOIN task ON task.id = member.task_id
     WHERE plan.workspace_id IN (SELECT id FROM seen) AND plan.number = $5 AND task.type = ANY($4)
       AND (task.workspace_id = plan.workspace_id
            OR EXISTS (SELECT FROM workspace_access AS access
                        WHERE access.workspace_id = task.workspace_id AND access.subject_id = $1
                          AND 'VIEW' = ANY(access.permissions)))
     ORDER BY member.position, task.type, task.number
     LIMIT $6 OFFSET $7
)
SELECT page.type, page.number, page.name, page.plan_number, page.plan_name, standing.standing, standing.started_at,
       standing.ended_at, standing.last_started_at, standing.last_ended_at
  FROM page
  JOIN task_standing(ARRAY(SELECT id FROM page)) AS standing ON standing.task_id = page.id
 ORDER BY page.position, page.type, page.number
