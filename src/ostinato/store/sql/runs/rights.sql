-- What a run is of, if somebody may see it, and whether they may end it.
SELECT run.id, seen.kind, seen.name, seen.environment, seen.workspace,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM find_run($1) AS run
 CROSS JOIN LATERAL run_seen(run) AS seen
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
