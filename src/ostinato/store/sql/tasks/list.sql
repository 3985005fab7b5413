-- Tasks of one stage as their viewers see them, a page at a time: plan by plan in the order of the steps, then the rest.
-- A task of several plans is listed once, with the plan of the lowest number.
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
           home.number AS plan_number, home.name AS plan_name, home.position
      FROM task
      LEFT JOIN LATERAL (
               SELECT plan.number, plan.name, member.position
                 FROM plan_member AS member
                 JOIN plan ON plan.id = member.plan_id
                WHERE member.task_id = task.id
                  AND (plan.workspace_id = task.workspace_id
                       OR EXISTS (SELECT FROM workspace_access AS access
                                   WHERE access.workspace_id = plan.workspace_id AND access.subject_id = $1
                                     AND 'VIEW' = ANY(access.permissions)))
                ORDER BY plan.number
                LIMIT 1) AS home ON true
     WHERE task.workspace_id IN (SELECT id FROM seen) AND task.type = ANY($4)
     ORDER BY home.number NULLS LAST, home.position, task.type, task.number
     LIMIT $5 OFFSET $6
)
SELECT page.type, page.number, page.name, page.plan_number, page.plan_name, standing.standing, standing.started_at,
       standing.ended_at, standing.last_started_at, standing.last_ended_at
  FROM page
  JOIN task_standing(ARRAY(SELECT id FROM page)) AS standing ON standing.task_id = page.id
 ORDER BY page.plan_number NULLS LAST, page.position, page.type, page.number
