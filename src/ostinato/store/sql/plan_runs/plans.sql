-- The plans of one environment that somebody may see, by number, and whether a run of each is live: it has begun as soon as a
-- worker was given a task of it, or if it runs as a part of another plan.
WITH page AS MATERIALIZED (
    SELECT plan.id, plan.environment_id, plan.number, plan.name, plan.disabled, plan.paused_at, plan.paused_by
      FROM plan
      JOIN environment ON environment.id = plan.environment_id
     WHERE environment.name = $2 AND ($3::bigint IS NULL OR plan.id = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = plan.workspace_id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
     ORDER BY plan.number
     LIMIT $4 OFFSET $5
)
SELECT page.id AS plan, page.environment_id AS environment, page.name, page.disabled, page.paused_at, page.paused_by,
       live.id AS live, live.state = 'QUEUED' AS queued,
       EXISTS (SELECT FROM run
                WHERE run.plan_id = page.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                  AND CASE WHEN run.parent_run_id IS NOT NULL THEN run.state <> 'QUEUED'
                           ELSE EXISTS (SELECT FROM run AS inside
                                         WHERE inside.root_run_id = run.id AND inside.graph_id IS NULL
                                           AND (inside.state <> 'QUEUED' OR inside.started_at IS NOT NULL)) END) AS begun
  FROM page
  LEFT JOIN LATERAL (SELECT run.id, run.state
                       FROM run
                      WHERE run.plan_id = page.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
                      ORDER BY run.id
                      LIMIT 1) AS live ON true
 ORDER BY page.number
