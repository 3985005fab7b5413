-- A task that uses an artifact, and if a version is asked for, one that names it; the first by name.
SELECT task.name
  FROM task_artifact
  JOIN task ON task.id = task_artifact.task_id
 WHERE task_artifact.artifact_id = $1 AND ($2::bigint IS NULL OR task_artifact.version_id = $2)
 ORDER BY task.name
 LIMIT 1
