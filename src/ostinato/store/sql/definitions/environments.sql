-- All environments, to compare what files say of them; parameters only where somebody may see a workspace, or of any if they
-- manage environments.
SELECT id, name, description, stage, keep_runs_days, keep_logs_days, keep_findings_days,
       CASE WHEN $2
              OR EXISTS (SELECT
                           FROM workspace
                           JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
                          WHERE workspace.environment_id = environment.id AND 'VIEW' = ANY(access.permissions))
            THEN parameters
            ELSE '{}'
       END AS parameters
  FROM environment
 ORDER BY name
