-- The log of a run that somebody may see, from one line on, in the order it was written.
SELECT seq, attempt, at, line AS text
  FROM find_log($1, $2, $3)
 WHERE EXISTS (SELECT FROM find_run($1) AS run
                 JOIN workspace_access AS access ON access.workspace_id = run.workspace_id
                WHERE access.subject_id = $4 AND 'VIEW' = ANY(access.permissions))
 ORDER BY seq
 LIMIT $3
