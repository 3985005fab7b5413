-- Data triggers whose sources have succeeded since what they start has started last; not while that is at work and must not
-- overlap. Only triggers with successes that are not used are looked at, and starts only of those with enough of them.
WITH told AS MATERIALIZED (
    SELECT DISTINCT source_id FROM data_trigger_success WHERE fire IS NULL
), counted AS MATERIALIZED (
    SELECT source.trigger_id, count(*) AS sources
      FROM told
      JOIN data_trigger_source AS source ON source.id = told.source_id
     GROUP BY source.trigger_id
), enough AS MATERIALIZED (
    SELECT own.*, last.run_id AS start_id, last.started_at
      FROM counted
      JOIN data_trigger AS own ON own.id = counted.trigger_id AND own.active
      LEFT JOIN LATERAL last_start(own.task_id, own.plan_id, false) AS last ON true
     WHERE counted.sources >= CASE own.condition WHEN 'any' THEN 1 ELSE own.sources END
), ready AS (
    SELECT enough.*
      FROM enough
     WHERE CASE enough.condition WHEN 'any' THEN 1 ELSE enough.sources END
           <= (SELECT count(DISTINCT success.source_id)
                 FROM data_trigger_source AS source
                 JOIN data_trigger_success AS success ON success.source_id = source.id AND success.fire IS NULL
                WHERE source.trigger_id = enough.id AND is_newer(success, enough.start_id, enough.started_at))
)
SELECT ready.id, ready.task_id AS task, ready.plan_id AS plan, ready.owner_id AS owner, app_user.name AS owner_name, ready.fires,
       ready.fired_at, ready.changed_at,
       NOT EXISTS (SELECT
                     FROM data_trigger_source AS source
                     LEFT JOIN task_ever AS task ON task.id = source.task_id
                     LEFT JOIN plan_ever AS plan ON plan.id = source.plan_id
                    WHERE source.trigger_id = ready.id
                      AND NOT EXISTS (SELECT
                                        FROM workspace_access AS access
                                       WHERE access.workspace_id = COALESCE(task.workspace_id, plan.workspace_id)
                                         AND access.subject_id = ready.owner_id AND 'VIEW' = ANY(access.permissions)))
       AS may_view
  FROM ready
  JOIN app_user ON app_user.id = ready.owner_id
 WHERE NOT EXISTS (SELECT
                     FROM task
                     JOIN run ON run.task_id = task.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                    WHERE task.id = ready.task_id AND task.overlap = 'forbid'
                   OFFSET 0)
   AND NOT EXISTS (SELECT
                     FROM plan
                     JOIN run ON run.plan_id = plan.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                    WHERE plan.id = ready.plan_id AND plan.overlap = 'forbid'
                   OFFSET 0)
 ORDER BY ready.fired_at NULLS FIRST, ready.id
 LIMIT $1
