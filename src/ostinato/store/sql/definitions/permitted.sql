-- Where somebody may change definitions or say when they start, whether the workspace is there or not yet; NULL: in every one, in
-- every environment.
SELECT access.workspace_key AS key, environment.name AS environment, access.permissions
  FROM subject_access AS access
  LEFT JOIN environment ON environment.id = access.environment_id
 WHERE access.subject_id = $1 AND access.permissions && ARRAY['AUTHOR', 'EXECUTE']
