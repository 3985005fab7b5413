-- The members of a group may work on a project from now on, if they may not already.
INSERT INTO project_group (project_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING group_id
