-- Whether somebody may see a run, and end it.
SELECT run.id,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.user_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM run
 WHERE run.id = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))
