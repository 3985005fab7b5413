-- Where somebody may change definitions, whether the workspace is there or not yet; NULL: in every one, in every environment.
SELECT access.workspace_key AS key, environment.name AS environment
  FROM subject_access AS access
  LEFT JOIN environment ON environment.id = access.environment_id
 WHERE access.subject_id = $1 AND 'AUTHOR' = ANY(access.permissions)
