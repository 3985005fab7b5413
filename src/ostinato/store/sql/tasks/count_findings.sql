-- How many rows were kept of what a check found; NULL if the run does not exist or may not be seen.
SELECT (SELECT count(*) FROM finding WHERE finding.run_id = run.id)
  FROM run
 WHERE run.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.user_id = $1
                  AND 'VIEW' = ANY(access.permissions))
