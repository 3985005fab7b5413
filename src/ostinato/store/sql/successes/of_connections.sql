-- Connections somebody may see, each with the newest success of a task that uses it, if there was one; a page at a time, with
-- how many there are.
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
    SELECT connection.workspace_id, connection.name, connection.type, seen.key AS workspace, seen.environment
      FROM connection
      JOIN seen ON seen.id = connection.workspace_id
     WHERE ($4::text IS NULL OR connection.name = $4)
), page AS MATERIALIZED (
    SELECT found.*, count(*) OVER () AS total
      FROM found
     ORDER BY found.environment, found.workspace, found.name
     LIMIT $5 OFFSET $6
)
SELECT page.name, page.type, page.workspace, page.environment, users.tasks,
       newest.task, newest.task_type, newest.task_number, newest.run, newest.started_at, newest.ended_at, newest.row_count AS rows,
       page.total
  FROM page
 CROSS JOIN LATERAL (
           SELECT count(*) AS tasks
             FROM task
            WHERE task.workspace_id = page.workspace_id AND task.uses @> ARRAY[page.name]) AS users
  LEFT JOIN LATERAL (
           SELECT task.name AS task, task.type AS task_type, task.number AS task_number, success.run_id AS run,
                  success.started_at, success.ended_at, success.row_count
             FROM task
            CROSS JOIN LATERAL last_success(task.id) AS success
            WHERE task.workspace_id = page.workspace_id AND task.uses @> ARRAY[page.name]
            ORDER BY success.ended_at DESC, success.run_id DESC
            LIMIT 1) AS newest ON true
 ORDER BY page.environment, page.workspace, page.name
