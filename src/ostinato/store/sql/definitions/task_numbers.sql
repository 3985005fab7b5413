-- The numbers that these tasks have in the same workspace of other environments, where they are free in this one.
SELECT wanted.type, wanted.name, MIN(task.number) AS number
  FROM unnest($3::text[], $4::text[]) AS wanted (type, name)
  JOIN workspace ON workspace.key = $2 AND workspace.environment_id <> $1
  JOIN task ON task.workspace_id = workspace.id AND task.type = wanted.type AND task.name = wanted.name
 WHERE NOT EXISTS (SELECT FROM task AS taken
                    WHERE taken.environment_id = $1 AND taken.type = wanted.type AND taken.number = task.number)
 GROUP BY wanted.type, wanted.name
