-- The groups whose members may work on a project.
SELECT COALESCE(array_agg(group_id ORDER BY group_id), '{}') FROM project_group WHERE project_id = $1
