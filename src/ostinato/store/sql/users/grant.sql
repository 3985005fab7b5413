-- Give a user or a group these permissions, and only these, in the workspace of this key, in one environment or in every one.
INSERT INTO workspace_grant (user_id, group_id, workspace_key, environment_id, permissions)
VALUES ($1, $2, $3, (SELECT id FROM environment WHERE name = $4), $5)
ON CONFLICT (user_id, group_id, workspace_key, environment_id) DO UPDATE SET permissions = EXCLUDED.permissions
