-- All environments, to compare what files say of them; parameters only where somebody may see a workspace, or any.
SELECT id, name, description, stage, keep_runs_days, keep_logs_days, keep_findings_days,
       CASE WHEN EXISTS (SELECT FROM app_user WHERE app_user.id = $1 AND app_user.administrator AND app_user.active)
              OR EXISTS (SELECT
                           FROM workspace
                           JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.user_id = $1
                          WHERE workspace.environment_id = environment.id AND 'VIEW' = ANY(access.permissions))
            THEN parameters
            ELSE '{}'
       END AS parameters
  FROM environment
 ORDER BY name
