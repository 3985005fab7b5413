-- The tasks that take the new versions of an artifact by themselves. A protected workspace takes those of its own artifacts only.
SELECT task.id, task.name, task.version, task.config, task.parameters, workspace.key AS workspace,
       environment.name AS environment
  FROM artifact
  JOIN task_artifact AS used ON used.artifact_id = artifact.id
  JOIN task ON task.id = used.task_id
  JOIN workspace ON workspace.id = task.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE artifact.id = $1 AND task.config ->> 'auto_upgrade' = 'true'
   AND (NOT workspace.protected OR workspace.id = artifact.workspace_id)
 ORDER BY task.id
