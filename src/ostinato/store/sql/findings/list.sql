-- The rows a check found whose run somebody may see, in the order it found them.
SELECT kind, row
  FROM find_findings($1, $2, $3)
 WHERE EXISTS (SELECT FROM find_run($1) AS run
                 JOIN workspace_access AS access ON access.workspace_id = run.workspace_id
                WHERE access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
 ORDER BY position
