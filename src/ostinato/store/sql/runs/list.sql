-- The newest runs that were started by themselves, live or kept, a page at a time, as the native API writes them; only what the
-- viewer may see.
-- What the database does not know of runs that have not ended, the progress of their workers and what they wait for in words,
-- is left open at the end of each: `"progress":null,"waiting":"?"`. Text is put together piece by piece, which is quicker than
-- row_to_json. Whatever may be NULL is told as null: a piece that is NULL would take the whole run with it.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, to_json(workspace.key)::text AS workspace, to_json(environment.name)::text AS environment
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($4::text IS NULL OR workspace.key = $4)
       AND ($5::text IS NULL OR environment.name = $5)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $2
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
SELECT COALESCE(convert_to(string_agg(item.written, ',' ORDER BY page.id DESC), 'UTF8'), '') AS items,
       COALESCE(array_agg(page.id ORDER BY page.id DESC) FILTER (WHERE page.ended_at IS NULL), '{}') AS live,
       COALESCE(array_agg(page.state ORDER BY page.id DESC) FILTER (WHERE page.ended_at IS NULL), '{}') AS states,
       count(*) AS number, min(page.id) AS last
  FROM page
  JOIN seen ON seen.id = page.workspace_id
  LEFT JOIN task_ever AS task ON task.id = page.task_id
  LEFT JOIN plan_ever AS plan ON plan.id = page.plan_id
 CROSS JOIN LATERAL (
           SELECT '{"id":' || page.id
                  || CASE WHEN page.plan_id IS NULL THEN ',"kind":"task"' ELSE ',"kind":"plan"' END
                  || ',"name":' || COALESCE(to_json(COALESCE(task.name, plan.name))::text, 'null')
                  || ',"number":' || COALESCE(COALESCE(task.number, plan.number)::text, 'null')
                  || ',"taskType":' || COALESCE(to_json(task.type)::text, 'null')
                  || ',"workspace":' || seen.workspace
                  || ',"environment":' || seen.environment
                  || ',"state":"' || page.state
                  || '","reason":' || COALESCE('"' || page.reason || '"', 'null')
                  || ',"message":' || COALESCE(to_json(page.message)::text, 'null')
                  || ',"attempt":' || page.attempt
                  || ',"queuedAt":' || to_char(page.queued_at AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"')
                  || ',"startedAt":'
                  || COALESCE(to_char(page.started_at AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"'), 'null')
                  || ',"endedAt":'
                  || COALESCE(to_char(page.ended_at AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"'), 'null')
                  || ',"durationSeconds":'
                  || COALESCE((round(date_part('epoch', page.ended_at - page.started_at) * 1000) / 1000)::text, 'null')
                  || ',"dueAt":' || to_char(page.due_at AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"')
                  || ',"parent":' || COALESCE(page.parent_run_id::text, 'null')
                  || ',"root":' || COALESCE(page.root_run_id::text, 'null')
                  || ',"step":null,"handler":' || page.handler::text
                  || ',"rows":' || COALESCE(page.row_count::text, 'null')
                  || ',"counts":' || COALESCE(page.counts::text, 'null')
                  || ',"cancelRequested":' || (page.cancel_requested_at IS NOT NULL)::text
                  || ',"planVersion":' || COALESCE(page.plan_version::text, 'null')
                  || ',"priority":' || page.priority
                  || ',"deadlineAt":'
                  || COALESCE(to_char(page.deadline_at AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"'), 'null')
                  || ',"cause":"' || page.cause
                  || '","rerunOf":' || COALESCE(page.rerun_of::text, 'null')
                  || CASE WHEN page.ended_at IS NULL THEN ',"progress":null,"waiting":"?"}'
                          ELSE ',"progress":null,"waiting":null}' END AS written) AS item
