-- What needs a plan: plans and composite tasks of its workspace that run it, runs that will come to it, and runs of it that have not ended.
WITH wanted AS MATERIALIZED (
    SELECT plan.id, plan.workspace_id, jsonb_build_object('plan', plan.id) AS place FROM plan WHERE plan.id = $1
)
SELECT 'plan' AS kind, other.name
  FROM wanted
  JOIN plan AS other ON other.workspace_id = wanted.workspace_id AND other.id <> wanted.id
  JOIN graph ON graph.id = other.graph_id
 WHERE jsonb_path_exists(graph.body, '$.steps[*].*[*] ? (@.plan == $plan)', wanted.place)
 UNION ALL
SELECT 'task', other.name
  FROM wanted
  JOIN task AS other ON other.workspace_id = wanted.workspace_id
  JOIN graph ON graph.id = other.graph_id
 WHERE jsonb_path_exists(graph.body, '$.steps[*].*[*] ? (@.plan == $plan)', wanted.place)
 UNION ALL
SELECT 'run', run.id::text
  FROM wanted
  JOIN run ON run.plan_id = wanted.id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
 UNION ALL
SELECT 'run to come', run.id::text
  FROM wanted
  JOIN run ON run.workspace_id = wanted.workspace_id AND run.state IN ('QUEUED', 'CLAIMED', 'RUNNING')
  JOIN graph ON graph.id = run.graph_id
 WHERE jsonb_path_exists(graph.body, '$.steps[*].*[*] ? (@.plan == $plan)', wanted.place)
