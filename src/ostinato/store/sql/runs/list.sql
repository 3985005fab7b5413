-- The newest runs that were started by themselves, live or kept, a page at a time, as the native API writes them; only what the
-- viewer may see.
-- What the database does not know of runs that have not ended, the progress of their workers and what they wait for in words,
-- is left open at the end of each: `"progress":null,"waiting":"?"`.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key, environment.name AS environment
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($4::text IS NULL OR workspace.key = $4)
       AND ($5::text IS NULL OR environment.name = $5)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.user_id = $2
                      AND 'VIEW' = ANY(access.permissions))
), live AS MATERIALIZED (
    SELECT newest.*
      FROM seen
     CROSS JOIN LATERAL (
               SELECT run.id, run.workspace_id, run.task_id, run.plan_id, run.plan_version, run.parent_run_id,
                      run.root_run_id, run.handler, run.state, run.reason, run.message, run.attempt, run.due_at,
                      run.queued_at, run.started_at, run.ended_at, run.cancel_requested_at, run.row_count,
                      run.counts, run.priority, run.deadline_at, run.cause, run.rerun_of
                 FROM run
                WHERE (run.workspace_id, run.id) > (seen.id, 0)
                  AND (run.workspace_id, run.id) < (seen.id, COALESCE($1::bigint, 9223372036854775807))
                  AND run.parent_run_id IS NULL AND ($3::text[] IS NULL OR run.state = ANY($3))
                ORDER BY run.workspace_id DESC, run.id DESC
                LIMIT $6) AS newest
     ORDER BY newest.id DESC
     LIMIT $6
), page AS (
    SELECT * FROM live
     UNION ALL
    SELECT id, workspace_id, task_id, plan_id, plan_version, parent_run_id, root_run_id, handler, state, reason,
           message, attempt, due_at, queued_at, started_at, ended_at, cancel_requested_at, row_count, counts,
           priority, deadline_at, cause, rerun_of
      FROM find_old_runs(ARRAY(SELECT id FROM seen), ARRAY(SELECT id FROM live), $1, $3, $6)
     ORDER BY id DESC
     LIMIT $6
)
SELECT COALESCE(string_agg(row_to_json(item)::text, ',' ORDER BY item.id DESC), '') AS items,
       COALESCE(array_agg(page.id ORDER BY page.id DESC) FILTER (WHERE page.ended_at IS NULL), '{}') AS live,
       COALESCE(array_agg(page.state ORDER BY page.id DESC) FILTER (WHERE page.ended_at IS NULL), '{}') AS states,
       count(*) AS number, min(page.id) AS last
  FROM page
  JOIN seen ON seen.id = page.workspace_id
  LEFT JOIN task ON task.id = page.task_id
  LEFT JOIN plan ON plan.id = page.plan_id
 CROSS JOIN LATERAL (
           SELECT page.id, CASE WHEN page.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind,
                  COALESCE(task.name, plan.name) AS name, COALESCE(task.number, plan.number) AS number,
                  task.type AS "taskType", seen.key AS workspace, seen.environment, page.state, page.reason, page.message,
                  page.attempt,
                  to_char(page.queued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "queuedAt",
                  to_char(page.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
                  to_char(page.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "endedAt",
                  round(date_part('epoch', page.ended_at - page.started_at) * 1000) / 1000 AS "durationSeconds",
                  to_char(page.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "dueAt",
                  page.parent_run_id AS parent, page.root_run_id AS root, NULL::text AS step, page.handler,
                  page.row_count AS rows, page.counts, page.cancel_requested_at IS NOT NULL AS "cancelRequested",
                  page.plan_version AS "planVersion", page.priority,
                  to_char(page.deadline_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "deadlineAt",
                  page.cause, page.rerun_of AS "rerunOf", NULL::text AS progress,
                  CASE WHEN page.ended_at IS NULL THEN '?' END AS waiting) AS item
