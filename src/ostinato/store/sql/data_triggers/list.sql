-- Data triggers of tasks and plans that somebody may see, the newest first, with their sources. Of a source that they may not see
-- nothing is told.
WITH seen AS MATERIALIZED (
    SELECT access.workspace_id, bool_or('EXECUTE' = ANY(access.permissions)) AS may_execute
      FROM workspace_access AS access
     WHERE access.subject_id = $1 AND 'VIEW' = ANY(access.permissions)
     GROUP BY access.workspace_id
), page AS MATERIALIZED (
    SELECT own.*, environment.name AS environment, COALESCE(task.name, plan.name) AS name, workspace.key AS workspace,
           owner.name AS owner, seen.may_execute,
           COALESCE(task.overlap, plan.overlap) = 'forbid'
           AND (EXISTS (SELECT FROM run WHERE run.task_id = own.task_id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING') OFFSET 0)
                OR EXISTS (SELECT FROM run WHERE run.plan_id = own.plan_id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING') OFFSET 0))
           AS at_work,
           count(*) OVER () AS total
      FROM data_trigger AS own
      JOIN environment ON environment.id = own.environment_id
      JOIN app_user AS owner ON owner.id = own.owner_id
      LEFT JOIN task ON task.id = own.task_id
      LEFT JOIN plan ON plan.id = own.plan_id
      JOIN workspace ON workspace.id = COALESCE(task.workspace_id, plan.workspace_id)
      JOIN seen ON seen.workspace_id = workspace.id
     WHERE ($2::bigint IS NULL OR own.id = $2)
       AND ($3::text IS NULL OR environment.name = $3)
     ORDER BY own.id DESC
     LIMIT $4 OFFSET $5
)
SELECT page.id, page.environment_id, page.environment, page.task_id, page.plan_id, page.name, page.workspace, page.condition,
       page.active, page.owner, page.fires, page.fired_at, page.created_at, page.changed_at, page.may_execute, page.at_work,
       COALESCE(sources.all_of_them, '[]') AS sources, page.total
  FROM page
  LEFT JOIN LATERAL last_start(page.task_id, page.plan_id, false) AS last ON true
 CROSS JOIN LATERAL (
           SELECT jsonb_agg(
                      CASE WHEN told.workspace IS NULL THEN jsonb_build_object('hidden', true)
                           ELSE jsonb_build_object('task_id', told.task_id, 'plan_id', told.plan_id, 'name', told.name,
                                                   'workspace', told.workspace, 'deleted', told.deleted,
                                                   'run', success.run_id, 'ended_at', success.ended_at, 'used', used.run_id) END
                      ORDER BY told.position) AS all_of_them
             FROM (SELECT source.id, source.position, source.task_id, source.plan_id, COALESCE(task.name, plan.name) AS name,
                          NOT COALESCE(task.is_there, plan.is_there) AS deleted,
                          (SELECT workspace.key
                             FROM workspace
                             JOIN seen ON seen.workspace_id = workspace.id
                            WHERE workspace.id = COALESCE(task.workspace_id, plan.workspace_id)) AS workspace
                     FROM data_trigger_source AS source
                     LEFT JOIN task_ever AS task ON task.id = source.task_id
                     LEFT JOIN plan_ever AS plan ON plan.id = source.plan_id
                    WHERE source.trigger_id = page.id) AS told
             LEFT JOIN LATERAL (
                      SELECT unused.run_id, unused.ended_at
                        FROM data_trigger_success AS unused
                       WHERE unused.source_id = told.id AND unused.fire IS NULL
                         AND is_newer(unused, last.run_id, last.started_at)
                       ORDER BY unused.ended_at DESC, unused.run_id DESC
                       LIMIT 1) AS success ON true
             LEFT JOIN LATERAL (
                      SELECT before.run_id
                        FROM data_trigger_success AS before
                       WHERE before.source_id = told.id AND before.fire = page.fires
                       ORDER BY before.ended_at DESC, before.run_id DESC
                       LIMIT 1) AS used ON true) AS sources
 ORDER BY page.id DESC
