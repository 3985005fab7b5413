-- A task of another workspace that uses an artifact of one of these, in words.
SELECT format('the task %L of workspace %L uses the artifact %L', task.name, there.name, artifact.name)
  FROM artifact
  JOIN task_artifact ON task_artifact.artifact_id = artifact.id
  JOIN task ON task.id = task_artifact.task_id AND task.workspace_id <> ALL($1::bigint[])
  JOIN workspace AS there ON there.id = task.workspace_id
 WHERE artifact.workspace_id = ANY($1::bigint[])
 LIMIT 1
