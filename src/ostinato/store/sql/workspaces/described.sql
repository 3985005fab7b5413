-- The workspaces that somebody may see, as they are described, or all of them if they manage environments; one of them if its id is
-- given.
SELECT described.*
  FROM workspace_described AS described
 WHERE ($3::bigint IS NULL OR described.id = $3)
   AND ($2 OR EXISTS (SELECT FROM workspace_access AS access
                       WHERE access.workspace_id = described.id AND access.subject_id = $1
                         AND 'VIEW' = ANY(access.permissions)))
 ORDER BY described.id
