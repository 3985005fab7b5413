-- The plans that somebody may see, the newest first, a page at a time, with how many there are; one of them if its id is given. What
-- became of the newest run is known of kept ones as well: it succeeded if it is the success that ended last. Only if runs were at work
-- side by side has it to be looked up.
WITH seen AS MATERIALIZED (
    SELECT workspace.id
      FROM workspace
     WHERE ($2::bigint IS NULL OR workspace.environment_id = $2)
       AND ($3::bigint IS NULL OR workspace.id = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), found AS MATERIALIZED (
    SELECT plan.id
      FROM plan
     WHERE plan.workspace_id IN (SELECT id FROM seen)
       AND ($4::bigint IS NULL
            OR EXISTS (SELECT FROM plan_member AS member WHERE member.plan_id = plan.id AND member.task_id = $4))
       AND ($5::bigint IS NULL OR plan.id = $5)
       AND ($6::text IS NULL OR strpos(in_small_letters(plan.name), in_small_letters($6)) > 0)
), page AS MATERIALIZED (
    SELECT id FROM found ORDER BY id DESC LIMIT $7 OFFSET $8
), told AS (
    SELECT plan.id, plan.name, plan.description, plan.overlap, plan.created_at, plan.changed_at,
           CASE WHEN plan.paused_at IS NOT NULL
                THEN jsonb_build_object('at', plan.paused_at, 'by', plan.paused_by, 'by_kind', pauser.kind,
                                        'note', plan.pause_note)
           END AS pause, author.name AS author, author.kind AS author_kind, plan.graph_id, to_jsonb(described) AS workspace,
           CASE WHEN live.id > COALESCE(last.run_id, 0) THEN live.state
                WHEN success.run_id = last.run_id THEN 'SUCCEEDED'
                WHEN success.ended_at >= last.started_at THEN (SELECT old.state FROM find_run(last.run_id) AS old)
                WHEN last.run_id IS NOT NULL THEN 'FAILED' END AS state
      FROM page
      JOIN plan ON plan.id = page.id
      JOIN workspace_described AS described ON described.id = plan.workspace_id
      LEFT JOIN plan_version AS first ON first.plan_id = plan.id AND first.version = 1
      LEFT JOIN app_user AS author ON author.id = first.created_by
      LEFT JOIN app_user AS pauser ON pauser.name = plan.paused_by
      LEFT JOIN plan_last AS last ON last.plan_id = plan.id
      LEFT JOIN plan_success AS success ON success.plan_id = plan.id
      LEFT JOIN LATERAL (
               SELECT run.id, run.state
                 FROM run
                WHERE run.plan_id = plan.id
                ORDER BY run.id DESC
                LIMIT 1) AS live ON true
)
SELECT counted.total, to_jsonb(told) AS plan
  FROM (SELECT count(*) AS total FROM found) AS counted
  LEFT JOIN told ON true
 ORDER BY told.id DESC
