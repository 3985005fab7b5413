-- How many rows were kept of what a check found; NULL if the run does not exist or may not be seen.
SELECT (SELECT count(*) FROM find_findings(run.id, 0, NULL))
  FROM find_run($2) AS run
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
