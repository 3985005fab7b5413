-- How long the environments somebody may see or manages keep what, and from when on there is history.
SELECT environment.name AS environment, environment.keep_runs_days AS runs_days, environment.keep_logs_days AS logs_days,
       environment.keep_findings_days AS findings_days,
       (SELECT min(first_on) FROM kept_week WHERE kept_week.environment_id = environment.id) AS oldest
  FROM environment
 WHERE $2
    OR EXISTS (SELECT FROM workspace
                 JOIN workspace_access AS access ON access.workspace_id = workspace.id
                WHERE workspace.environment_id = environment.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
 ORDER BY environment.name
