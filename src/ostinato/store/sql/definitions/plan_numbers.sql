-- The numbers that these plans have in the same workspace of other environments, where they are free in this one.
SELECT '' AS type, plan.name, MIN(plan.number) AS number
  FROM workspace
  JOIN plan ON plan.workspace_id = workspace.id AND plan.name = ANY($3::text[])
 WHERE workspace.key = $2 AND workspace.environment_id <> $1
   AND NOT EXISTS (SELECT FROM plan AS taken WHERE taken.environment_id = $1 AND taken.number = plan.number)
 GROUP BY plan.name
