-- What was granted to users themselves in the workspaces whose rights somebody has a say in, for one environment or for every one.
SELECT workspace.id AS workspace, app_user.id AS "user", app_user.name,
       array_agg(DISTINCT permission ORDER BY permission) AS permissions,
       bool_or(held.environment_id IS NULL) AS everywhere
  FROM workspace_grant AS held
  JOIN app_user ON app_user.id = held.user_id
  JOIN workspace ON workspace.key = held.workspace_key
                AND (held.environment_id IS NULL OR held.environment_id = workspace.environment_id)
 CROSS JOIN LATERAL unnest(held.permissions) AS permission
 WHERE ($2 OR EXISTS (SELECT FROM workspace_access AS access
                       WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                         AND 'MANAGE' = ANY(access.permissions)))
   AND ($3::bigint[] IS NULL OR workspace.id = ANY($3))
   AND ($4::bigint IS NULL OR workspace.environment_id = $4)
   AND ($5::bigint[] IS NULL OR app_user.id = ANY($5))
 GROUP BY workspace.id, app_user.id
 ORDER BY workspace.id, app_user.id
