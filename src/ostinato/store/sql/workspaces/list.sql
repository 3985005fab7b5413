-- Workspaces somebody may see at any of the three stages, each key once, with the words it has nearest to production.
SELECT key, name, description
  FROM (SELECT DISTINCT ON (workspace.key) workspace.key, workspace.name, workspace.description
          FROM workspace
          JOIN environment ON environment.id = workspace.environment_id
         WHERE environment.stage IS NOT NULL
           AND EXISTS (SELECT FROM workspace_access AS access
                        WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                          AND 'VIEW' = ANY(access.permissions))
         ORDER BY workspace.key, array_position(ARRAY['production', 'test', 'development'], environment.stage)) AS known
 ORDER BY key
 LIMIT $2 OFFSET $3
