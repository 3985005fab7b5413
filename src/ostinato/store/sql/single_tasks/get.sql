-- One task that somebody may see, with what it uses by name and by id, and what they may do with it.
SELECT task.id, task.name, task.description, task.type, task.version, task.tags, task.config, task.parameters,
       task.timeout_s, task.run_timeout_s, task.retries, task.overlap, task.priority, pool.name AS pool, task.disabled,
       task.created_at, to_jsonb(described) AS workspace,
       CASE WHEN task.paused_at IS NOT NULL
            THEN jsonb_build_object('at', task.paused_at, 'by', task.paused_by, 'by_kind', pauser.kind,
                                    'note', task.pause_note)
       END AS pause,
       (SELECT jsonb_build_object(
                   'id', artifact.id, 'name', artifact.name, 'type', artifact.type,
                   'version', COALESCE(version.version, newest.version), 'newest', newest.version)
          FROM task_artifact AS used
          JOIN artifact ON artifact.id = used.artifact_id
          LEFT JOIN artifact_version AS version ON version.id = used.version_id
         CROSS JOIN LATERAL (SELECT one.version
                               FROM artifact_version AS one
                              WHERE one.artifact_id = artifact.id
                              ORDER BY one.id DESC
                              LIMIT 1) AS newest
         WHERE used.task_id = task.id) AS artifact,
       COALESCE((SELECT jsonb_object_agg(connection.name, jsonb_build_object('id', connection.id, 'type', connection.type))
                   FROM connection
                  WHERE connection.workspace_id = task.workspace_id AND connection.name = ANY(task.uses)), '{}') AS connections,
       COALESCE((SELECT jsonb_object_agg(resource.name, resource.id)
                   FROM resource
                  WHERE resource.workspace_id = task.workspace_id
                    AND resource.name IN (SELECT named.value
                                            FROM json_each_text(CASE WHEN json_typeof(task.config -> 'resources') = 'object'
                                                                     THEN task.config -> 'resources' ELSE '{}' END) AS named)),
                '{}') AS resources,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = task.workspace_id AND access.subject_id = $2
                  AND 'AUTHOR' = ANY(access.permissions)) AS may_author,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = task.workspace_id AND access.subject_id = $2
                  AND 'EXECUTE' = ANY(access.permissions)) AS may_execute
  FROM task
  JOIN workspace_described AS described ON described.id = task.workspace_id
  LEFT JOIN pool ON pool.id = task.pool_id
  LEFT JOIN app_user AS pauser ON pauser.name = task.paused_by
 WHERE task.id = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = task.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
