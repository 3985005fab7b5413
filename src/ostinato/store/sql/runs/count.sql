-- How many runs that were started by themselves, live or kept, match a filter, but at most so many; only what the viewer may see.
SELECT count(*)
  FROM (SELECT
          FROM find_wanted_runs(ARRAY(
               SELECT workspace.id
                 FROM workspace
                 JOIN environment ON environment.id = workspace.environment_id
                WHERE ($2::text IS NULL OR workspace.key = $2)
                  AND ($3::text IS NULL OR environment.name = $3)
                  AND EXISTS (SELECT FROM workspace_access AS access
                               WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                                 AND 'VIEW' = ANY(access.permissions))), NULL, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         LIMIT $12) AS wanted
