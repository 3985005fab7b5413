-- Remove an environment without workspaces, with what is its own and the rights in it.
WITH own_pools AS (
    DELETE FROM pool WHERE environment_id = $1
), own_webhooks AS (
    DELETE FROM webhook WHERE environment_id = $1
), own_grants AS (
    DELETE FROM workspace_grant WHERE environment_id = $1
)
DELETE FROM environment WHERE id = $1
