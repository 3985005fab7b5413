-- A workspace that somebody may look into.
SELECT described.*
  FROM workspace_described AS described
 WHERE described.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = described.id AND access.subject_id = $1 AND 'VIEW' = ANY(access.permissions))
