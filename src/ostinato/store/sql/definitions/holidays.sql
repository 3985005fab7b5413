-- The lists of holidays of those environments in which somebody may see a workspace, or of any if they manage environments.
SELECT environment.name AS environment, holiday_list.name, holiday_list.days
  FROM holiday_list
  JOIN environment ON environment.id = holiday_list.environment_id
 WHERE environment.name = ANY($1::text[])
   AND ($3 OR EXISTS (SELECT
                        FROM workspace
                        JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $2
                       WHERE workspace.environment_id = environment.id AND 'VIEW' = ANY(access.permissions)))
 ORDER BY holiday_list.name
