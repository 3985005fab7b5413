-- Take back what was granted to a user or a group in the workspace of this key, in one environment or in every one.
DELETE FROM workspace_grant
 WHERE user_id IS NOT DISTINCT FROM $1 AND group_id IS NOT DISTINCT FROM $2 AND workspace_key = $3
   AND environment_id IS NOT DISTINCT FROM (SELECT id FROM environment WHERE name = $4)
