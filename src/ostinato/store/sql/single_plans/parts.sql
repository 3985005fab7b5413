-- The tasks and plans that steps run, as far as somebody may see them, with the artifacts of the tasks.
WITH seen AS MATERIALIZED (
    SELECT workspace.id
      FROM workspace
     WHERE EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
)
SELECT 'task' AS kind, task.id, task.name, task.description, task.workspace_id AS workspace, task.version, task.type,
       artifact.id AS artifact, artifact.name AS artifact_name, version.version AS artifact_version,
       CASE WHEN task.paused_at IS NOT NULL
            THEN jsonb_build_object('at', task.paused_at, 'by', task.paused_by, 'by_kind', pauser.kind,
                                    'note', task.pause_note)
       END AS pause
  FROM task
  LEFT JOIN task_artifact AS used ON used.task_id = task.id
  LEFT JOIN artifact ON artifact.id = used.artifact_id
  LEFT JOIN LATERAL (
           SELECT one.version
             FROM artifact_version AS one
            WHERE one.artifact_id = used.artifact_id AND (used.version_id IS NULL OR one.id = used.version_id)
            ORDER BY one.id DESC
            LIMIT 1) AS version ON true
  LEFT JOIN app_user AS pauser ON pauser.name = task.paused_by
 WHERE task.id = ANY($2::bigint[]) AND task.workspace_id IN (SELECT id FROM seen)
 UNION ALL
SELECT 'plan', plan.id, plan.name, plan.description, plan.workspace_id, plan.version, NULL, NULL, NULL, NULL,
       CASE WHEN plan.paused_at IS NOT NULL
            THEN jsonb_build_object('at', plan.paused_at, 'by', plan.paused_by, 'by_kind', pauser.kind,
                                    'note', plan.pause_note)
       END
  FROM plan
  LEFT JOIN app_user AS pauser ON pauser.name = plan.paused_by
 WHERE plan.id = ANY($3::bigint[]) AND plan.workspace_id IN (SELECT id FROM seen)
