-- A user may not work on a project any more.
DELETE FROM project_user WHERE project_id = $1 AND user_id = $2 RETURNING user_id
