-- The newest versions of an artifact, for suggestions.
SELECT version FROM artifact_version WHERE artifact_id = $1 ORDER BY id DESC LIMIT $2
