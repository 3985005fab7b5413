-- A page of the tasks that somebody may see and that fit, the newest first, and how many there are of them in all.
WITH seen AS MATERIALIZED (
    SELECT workspace.id
      FROM workspace
     WHERE ($2::bigint IS NULL OR workspace.environment_id = $2)
       AND ($3::bigint IS NULL OR workspace.id = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), found AS MATERIALIZED (
    SELECT task.id
      FROM task
     WHERE task.workspace_id IN (SELECT id FROM seen)
       AND ($4::text IS NULL OR strpos(in_small_letters(task.name), in_small_letters($4)) > 0)
       AND ($5::bigint IS NULL OR task.id IN (SELECT task_id FROM task_artifact WHERE artifact_id = $5))
       AND ($6::text IS NULL OR (task.type = $6 AND task.id NOT IN (SELECT task_id FROM task_artifact)))
       AND ($7::text[] IS NULL OR task.tags @> $7)
       AND ($8::text[] IS NULL
            OR COALESCE((SELECT CASE WHEN NOT schedule.own THEN 'linked'
                                     WHEN own.definition ->> 'startDate' = own.definition ->> 'endDate' THEN 'once'
                                     ELSE own.definition -> 'when' ->> 'type' END
                           FROM schedule
                           LEFT JOIN schedule_trigger AS own ON own.schedule_id = schedule.id
                          WHERE schedule.task_id = task.id
                          LIMIT 1),
                        (SELECT 'webhook' FROM webhook_trigger WHERE webhook_trigger.task_id = task.id),
                        'none') = ANY($8))
), page AS MATERIALIZED (
    SELECT id FROM found ORDER BY id DESC LIMIT $9 OFFSET $10
)
SELECT (SELECT count(*) FROM found) AS total,
       COALESCE((SELECT jsonb_agg(
                            jsonb_build_object(
                                'id', task.id, 'name', task.name, 'type', task.type, 'artifact', used.artifact_id,
                                'workspace', to_jsonb(described),
                                'pause', CASE WHEN task.paused_at IS NOT NULL
                                              THEN jsonb_build_object('at', task.paused_at, 'by', task.paused_by,
                                                                      'by_kind', pauser.kind, 'note', task.pause_note)
                                         END)
                            ORDER BY task.id DESC)
                   FROM page
                   JOIN task ON task.id = page.id
                   JOIN workspace_described AS described ON described.id = task.workspace_id
                   LEFT JOIN task_artifact AS used ON used.task_id = task.id
                   LEFT JOIN app_user AS pauser ON pauser.name = task.paused_by), '[]') AS items
