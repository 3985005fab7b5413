-- The newest runs that were started by themselves, live or kept, a page at a time; only what the viewer may see.
SELECT seen.*
  FROM find_runs(
           ARRAY(SELECT workspace.id
                   FROM workspace
                   JOIN environment ON environment.id = workspace.environment_id
                  WHERE ($4::text IS NULL OR workspace.key = $4)
                    AND ($5::text IS NULL OR environment.name = $5)
                    AND EXISTS (SELECT FROM workspace_access AS access
                                 WHERE access.workspace_id = workspace.id AND access.user_id = $2
                                   AND 'VIEW' = ANY(access.permissions))),
           $1, $3, $6) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
 ORDER BY seen.run DESC
