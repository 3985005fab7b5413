-- Give a user these permissions, and only these, in the workspace of this key in every environment.
INSERT INTO workspace_grant (user_id, workspace_key, permissions)
VALUES ($1, $2, $3)
ON CONFLICT (user_id, workspace_key, environment_id) DO UPDATE SET permissions = EXCLUDED.permissions
