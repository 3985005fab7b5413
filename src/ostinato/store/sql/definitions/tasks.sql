-- The tasks of some workspaces with the steps of the composite ones; those of one name, if it is given.
SELECT task.id, task.workspace_id AS workspace, task.type, task.number, task.name, task.description, task.config,
       graph.body AS graph, task.timeout_s, task.retries, task.overlap, task.disabled, task.parameters,
       task.run_timeout_s, task.priority, pool.name AS pool, task.tags
  FROM task
  LEFT JOIN graph ON graph.id = task.graph_id
  LEFT JOIN pool ON pool.id = task.pool_id
 WHERE task.workspace_id = ANY($1::bigint[]) AND ($2::text IS NULL OR task.name = $2)
 ORDER BY task.name
