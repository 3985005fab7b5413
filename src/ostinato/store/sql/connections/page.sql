-- A page of the connections that somebody may see, the newest first, with how many there are; one of them if its id is given. Of
-- secrets only the names. json and not jsonb: the config comes as people wrote it.
WITH place AS MATERIALIZED (
    SELECT workspace.id
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($4::bigint IS NULL OR workspace.id = $4)
       AND ($5::bigint IS NULL OR environment.id = $5)
       AND ($7::text IS NULL OR workspace.key = $7)
       AND ($8::text IS NULL OR environment.name = $8)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), chosen AS MATERIALIZED (
    SELECT connection.id
      FROM connection
     WHERE connection.workspace_id IN (SELECT place.id FROM place)
       AND ($2::bigint IS NULL OR connection.id = $2)
       AND ($3::text IS NULL OR position(in_small_letters($3) IN in_small_letters(connection.name)) > 0)
       AND ($6::text IS NULL OR connection.name = $6)
)
SELECT (SELECT count(*) FROM chosen)::integer AS total,
       COALESCE((SELECT json_agg(row_to_json(told) ORDER BY told.id DESC)
                   FROM (SELECT connection.id, connection.name, connection.type, connection.config,
                                ARRAY(SELECT jsonb_object_keys(connection.secrets)) AS secrets,
                                connection.created_at, connection.changed_at, row_to_json(described) AS workspace
                           FROM (SELECT id FROM chosen ORDER BY id DESC LIMIT $9 OFFSET $10) AS page
                           JOIN connection ON connection.id = page.id
                           JOIN workspace_described AS described ON described.id = connection.workspace_id) AS told),
                '[]') AS items
