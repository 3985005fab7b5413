-- Tasks somebody may see, each with the success that ended last, if it ever succeeded; a page at a time, with how many there are.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key, environment.name AS environment
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($2::text IS NULL OR workspace.key = $2)
       AND ($3::text IS NULL OR environment.name = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), found AS (
    SELECT task.id, task.name, task.type, task.number, seen.key AS workspace, seen.environment
      FROM task
      JOIN seen ON seen.id = task.workspace_id
     WHERE ($4::text IS NULL OR task.name = $4)
       AND ($5::text IS NULL OR task.uses @> ARRAY[$5])
), page AS MATERIALIZED (
    SELECT found.*, count(*) OVER () AS total
      FROM found
     ORDER BY found.environment, found.workspace, found.name
     LIMIT $6 OFFSET $7
)
SELECT page.name, page.type, page.number, page.workspace, page.environment,
       success.run_id AS run, success.started_at, success.ended_at, success.row_count AS rows, page.total
  FROM page
  LEFT JOIN LATERAL last_success(page.id) AS success ON true
 ORDER BY page.environment, page.workspace, page.name
