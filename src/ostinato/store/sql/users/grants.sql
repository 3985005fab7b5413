-- What was granted to users and groups, of one of them, in one workspace, or all.
SELECT app_user.name AS "user", user_group.name AS "group", workspace_grant.workspace_key AS workspace,
       environment.name AS environment, workspace_grant.permissions
  FROM workspace_grant
  LEFT JOIN app_user ON app_user.id = workspace_grant.user_id
  LEFT JOIN user_group ON user_group.id = workspace_grant.group_id
  LEFT JOIN environment ON environment.id = workspace_grant.environment_id
 WHERE ($1::text IS NULL OR app_user.name = $1) AND ($2::text IS NULL OR user_group.name = $2)
   AND ($3::text IS NULL OR workspace_grant.workspace_key = $3)
 ORDER BY workspace_grant.workspace_key, environment.name NULLS FIRST, user_group.name NULLS LAST, app_user.name
 LIMIT $4 OFFSET $5
