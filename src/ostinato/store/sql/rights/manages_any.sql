-- Whether somebody may say anywhere who may do what there.
SELECT EXISTS (SELECT FROM subject_access WHERE subject_id = $1 AND 'MANAGE' = ANY(permissions))
