-- The newest runs that were started by themselves, a page at a time; only what the viewer may see.
WITH seen AS MATERIALIZED (
    SELECT workspace.id
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($4::text IS NULL OR workspace.key = $4)
       AND ($5::text IS NULL OR environment.name = $5)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.user_id = $2
                      AND 'VIEW' = ANY(access.permissions))
)
SELECT *
  FROM run_seen
 WHERE parent IS NULL
   AND ($1::bigint IS NULL OR run < $1)
   AND ($3::text[] IS NULL OR state = ANY($3))
   AND workspace_id IN (SELECT id FROM seen)
 ORDER BY run DESC
 LIMIT $6
