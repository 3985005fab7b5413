-- One task as its viewers see it.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
)
SELECT task.type, task.number, task.name, home.number AS plan_number, home.name AS plan_name,
       standing.standing, standing.started_at, standing.ended_at, standing.last_started_at, standing.last_ended_at
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
 CROSS JOIN LATERAL task_standing(ARRAY[task.id]) AS standing
 WHERE task.workspace_id IN (SELECT id FROM seen) AND task.type = $4 AND task.number = $5
