-- A page of the artifacts that somebody may see, the newest first, with all their versions and where they are; how many there are
-- in all.
WITH found AS MATERIALIZED (
    SELECT artifact.id
      FROM artifact
      JOIN workspace ON workspace.id = artifact.workspace_id
     WHERE EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1 AND 'VIEW' = ANY(access.permissions))
       AND ($2::bigint IS NULL OR artifact.id = $2)
       AND ($3::bigint IS NULL OR workspace.environment_id = $3)
       AND ($4::bigint IS NULL OR workspace.id = $4)
       AND ($5::text IS NULL OR strpos(lower(artifact.name), lower($5)) > 0)
       AND ($6::text[] IS NULL OR artifact.type = ANY($6))
), page AS (
    SELECT artifact.id, artifact.name, artifact.type,
           ARRAY(SELECT version.version
                   FROM artifact_version AS version
                  WHERE version.artifact_id = artifact.id
                  ORDER BY version.id DESC) AS versions,
           to_jsonb(described) AS workspace
      FROM (SELECT id FROM found ORDER BY id DESC LIMIT $7 OFFSET $8) AS chosen
      JOIN artifact ON artifact.id = chosen.id
      JOIN workspace_described AS described ON described.id = artifact.workspace_id
)
SELECT (SELECT count(*) FROM found) AS total,
       COALESCE((SELECT jsonb_agg(to_jsonb(page) ORDER BY page.id DESC) FROM page), '[]') AS items
