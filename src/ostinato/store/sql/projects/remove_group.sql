-- The members of a group may not work on a project any more, as such.
DELETE FROM project_group WHERE project_id = $1 AND group_id = $2 RETURNING group_id
