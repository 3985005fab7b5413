-- A run of one of these workspaces that has not ended.
SELECT id FROM run WHERE workspace_id = ANY($1::bigint[]) AND state IN ('QUEUED', 'CLAIMED', 'RUNNING') LIMIT 1
