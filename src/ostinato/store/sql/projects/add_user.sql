-- A user may work on a project from now on, if they may not already.
INSERT INTO project_user (project_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING user_id
