-- A run that somebody wants to run again, and what it was a run of.
SELECT run.id AS run, run.state, run.task_id AS task, run.plan_id AS plan, run.graph_id AS graph, run.plan_version AS version,
       run.parameters, run.priority, run.parent_run_id AS parent,
       COALESCE((SELECT plan.graph_id FROM plan WHERE plan.id = run.plan_id),
                (SELECT task.graph_id FROM task WHERE task.id = run.task_id)) AS newest_graph,
       (SELECT plan.version FROM plan WHERE plan.id = run.plan_id) AS newest_version
  FROM find_run($1) AS run
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
