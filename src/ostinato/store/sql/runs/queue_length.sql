-- How much work there is in the workspaces that somebody may see.
SELECT count(*) FILTER (WHERE state = 'QUEUED') AS queued,
       count(*) FILTER (WHERE state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL) AS running,
       count(*) FILTER (WHERE state = 'RUNNING' AND graph_id IS NOT NULL) AS plans
  FROM run
 WHERE state IN ('QUEUED', 'CLAIMED', 'RUNNING')
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
