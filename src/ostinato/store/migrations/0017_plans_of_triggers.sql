-- What is worked out for a trigger holds for the definition it was worked out from; what is not active makes no ring.

ALTER TABLE schedule_trigger ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN schedule_trigger.version IS 'Rises whenever it is defined or planned anew: who fires it has to have read this one.';

CREATE OR REPLACE FUNCTION leads_to(of_task bigint, of_plan bigint, but bigint) RETURNS TABLE (task bigint, plan bigint)
    LANGUAGE sql STABLE
    AS $$
SELECT (ref ->> 'task')::bigint, (ref ->> 'plan')::bigint
  FROM (SELECT task.graph_id FROM task WHERE task.id = of_task
         UNION ALL
        SELECT plan.graph_id FROM plan WHERE plan.id = of_plan) AS runnable
  JOIN graph ON graph.id = runnable.graph_id
 CROSS JOIN LATERAL jsonb_array_elements(graph.body -> 'steps') AS step
 CROSS JOIN LATERAL jsonb_array_elements((step -> 'runs') || COALESCE(step -> 'on_failure', '[]')) AS ref
 UNION ALL
SELECT own.task_id, own.plan_id
  FROM data_trigger_source AS source
  JOIN data_trigger AS own ON own.id = source.trigger_id
 WHERE (source.task_id = of_task OR source.plan_id = of_plan) AND own.active AND own.id IS DISTINCT FROM but
$$;
COMMENT ON FUNCTION leads_to(bigint, bigint, bigint) IS 'What a start of a task or plan leads to at once: what it runs, and what active data triggers but one start after it.';
