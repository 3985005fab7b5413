-- Whether somebody may see a run, and end it.
SELECT run.id,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM find_run($1) AS run
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
