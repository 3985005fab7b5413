-- Whether a task takes the new versions of an artifact by itself.
SELECT EXISTS (SELECT
                 FROM artifact
                 JOIN task_artifact AS used ON used.artifact_id = artifact.id
                 JOIN task ON task.id = used.task_id
                WHERE artifact.workspace_id = $1 AND artifact.name = $2 AND task.config ->> 'auto_upgrade' = 'true')
