-- Every run of the tree that a run belongs to, but the outermost one, in the order they were made.
SELECT *
  FROM run_seen
 WHERE root = (SELECT COALESCE(root_run_id, id) FROM run WHERE id = $1)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run_seen.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))
 ORDER BY run
