-- One run as its viewers see it, live or kept.
SELECT seen.*
  FROM find_run($1) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
