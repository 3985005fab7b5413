-- Whether somebody may say who is told of the runs of a workspace (none: of all), in one environment or in every one.
SELECT EXISTS (SELECT
                 FROM subject_access AS access
                WHERE access.subject_id = $1 AND 'MANAGE' = ANY(access.permissions)
                  AND (access.workspace_key IS NULL OR access.workspace_key = $2)
                  AND (access.environment_id IS NULL
                       OR access.environment_id = (SELECT id FROM environment WHERE name = $3)))
