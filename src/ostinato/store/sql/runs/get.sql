-- Runs as their viewers see them, live or kept.
SELECT seen.*
  FROM unnest($1::bigint[]) AS wanted (id)
 CROSS JOIN LATERAL find_run(wanted.id) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
