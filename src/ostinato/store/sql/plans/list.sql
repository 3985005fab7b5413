-- Plans of one stage with the standing of their tasks, a page at a time by number.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), page AS (
    SELECT plan.id, plan.number, plan.name, plan.workspace_id, seen.key AS workspace
      FROM plan
      JOIN seen ON seen.id = plan.workspace_id
     ORDER BY plan.number
     LIMIT $5 OFFSET $6
)
SELECT page.number, page.name, page.workspace, latest.started_at AS last_started_at,
       tally.succeeded, tally.failed, tally.running, tally.queued, tally.disabled
  FROM page
  LEFT JOIN LATERAL (
           SELECT started.started_at
             FROM ((SELECT run.id, run.started_at
                      FROM run
                     WHERE run.plan_id = page.id AND run.started_at IS NOT NULL
                     ORDER BY run.id DESC
                     LIMIT 1)
                    UNION ALL
                   SELECT plan_last.run_id, plan_last.started_at
                     FROM plan_last
                    WHERE plan_last.plan_id = page.id) AS started
            ORDER BY started.id DESC
            LIMIT 1) AS latest ON true
 CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE standing.standing = 'succeeded') AS succeeded,
                  count(*) FILTER (WHERE standing.standing = 'failed') AS failed,
                  count(*) FILTER (WHERE standing.standing = 'running') AS running,
                  count(*) FILTER (WHERE standing.standing = 'queued') AS queued,
                  count(*) FILTER (WHERE standing.standing = 'disabled') AS disabled
             FROM task_standing(ARRAY(
                      SELECT task.id
                        FROM plan_member AS member
                        JOIN task ON task.id = member.task_id
                       WHERE member.plan_id = page.id AND task.type = ANY($4)
                         AND (task.workspace_id = page.workspace_id
                              OR EXISTS (SELECT FROM workspace_access AS access
                                          WHERE access.workspace_id = task.workspace_id AND access.subject_id = $1
                                            AND 'VIEW' = ANY(access.permissions))))) AS standing) AS tally
 ORDER BY page.number
