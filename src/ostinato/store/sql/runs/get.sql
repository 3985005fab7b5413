-- One run as its viewers see it.
SELECT *
  FROM run_seen
 WHERE run = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run_seen.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))
