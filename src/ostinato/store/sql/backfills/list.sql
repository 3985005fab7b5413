-- Backfills that somebody may see, the newest first.
SELECT backfill.id, CASE WHEN backfill.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind, COALESCE(task.name, plan.name) AS name,
       workspace.key AS workspace, environment.name AS environment, backfill.description, backfill.begin_at AS begin,
       backfill.end_at AS end, backfill.triggers, backfill.newest_first, backfill.concurrency, backfill.version,
       backfill.parameters, backfill.priority, backfill.stop_on_failure, owner.name AS owner, backfill.created_at,
       backfill.total AS fires, backfill.live, backfill.succeeded, backfill.failed, backfill.cancelled, backfill.waiting,
       backfill.stopped, backfill.stopped_at, backfill.stopped_by, backfill.ended_at, seen.may_execute,
       count(*) OVER () AS total
  FROM backfill
  LEFT JOIN task_ever AS task ON task.id = backfill.task_id
  LEFT JOIN plan_ever AS plan ON plan.id = backfill.plan_id
  JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
  JOIN environment ON environment.id = workspace.environment_id
  JOIN app_user AS owner ON owner.id = backfill.owner_id
  JOIN (SELECT access.workspace_id, bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
          FROM workspace_access AS access
         WHERE access.subject_id = $1
         GROUP BY access.workspace_id
        HAVING bool_or('VIEW' = ANY(access.permissions))) AS seen ON seen.workspace_id = workspace.id
 WHERE ($2::bigint IS NULL OR backfill.id = $2)
   AND ($3::text IS NULL OR environment.name = $3)
   AND ($4::text IS NULL OR workspace.key = $4)
   AND ($5::boolean IS NULL OR (backfill.ended_at IS NOT NULL) = $5)
 ORDER BY backfill.id DESC
 LIMIT $6 OFFSET $7
