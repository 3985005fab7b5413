-- The users who may work on a project by themselves.
SELECT COALESCE(array_agg(user_id ORDER BY user_id), '{}') FROM project_user WHERE project_id = $1
