-- Whether somebody may look into the workspace of a key at one stage, even if there is nothing at that stage yet.
-- False alike for keys that do not exist: nobody learns of a workspace that is not theirs.
SELECT EXISTS (SELECT FROM workspace
                 JOIN environment ON environment.id = workspace.environment_id
                 JOIN workspace_access AS access ON access.workspace_id = workspace.id
                WHERE workspace.key = $3 AND environment.stage IS NOT NULL
                  AND access.subject_id = $1 AND 'VIEW' = ANY(access.permissions))
   AND ($2::text IS NULL
        OR EXISTS (SELECT FROM subject_access AS access
                    WHERE access.subject_id = $1 AND 'VIEW' = ANY(access.permissions)
                      AND (access.workspace_key IS NULL OR access.workspace_key = $3)
                      AND (access.environment_id IS NULL
                           OR access.environment_id = (SELECT id FROM environment WHERE stage = $2))))
