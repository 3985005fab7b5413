-- How many webhooks there are of a workspace, or of all of them together.
SELECT count(*)
  FROM webhook
 WHERE workspace_key IS NOT DISTINCT FROM $1
