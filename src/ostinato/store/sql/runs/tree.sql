-- Every run of the tree that a run belongs to, but the outermost one, in the order they were made.
SELECT seen.*
  FROM find_tree($1) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
 ORDER BY seen.run
