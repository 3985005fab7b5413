-- The newest runs that were started by themselves, live or kept, and match a filter, a page at a time; only what the viewer may see.
WITH page AS MATERIALIZED (
    SELECT found
      FROM find_wanted_runs(ARRAY(
               SELECT workspace.id
                 FROM workspace
                 JOIN environment ON environment.id = workspace.environment_id
                WHERE ($3::text IS NULL OR workspace.key = $3)
                  AND ($4::text IS NULL OR environment.name = $4)
                  AND EXISTS (SELECT FROM workspace_access AS access
                               WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                                 AND 'VIEW' = ANY(access.permissions))), $2, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS found
     ORDER BY found.id DESC
     LIMIT $13
)
SELECT seen.*
  FROM page
 CROSS JOIN LATERAL run_seen(page.found) AS seen
 ORDER BY seen.run DESC
