-- Steps of running plans were opened or ended. Whoever brings a plan to no active step ends it in the same transaction.
UPDATE run
   SET active_steps = run.active_steps + change.opened - change.ended,
       failed_steps = run.failed_steps + change.failed
  FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[]) AS change (id, opened, ended, failed)
 WHERE run.id = change.id AND run.state = 'RUNNING' AND run.graph_id IS NOT NULL
RETURNING run.id AS run, run.active_steps, run.failed_steps, run.cancel_reason, run.attempt,
          COALESCE((SELECT plan.retries FROM plan_ever AS plan WHERE plan.id = run.plan_id),
                   (SELECT task.retries FROM task_ever AS task WHERE task.id = run.task_id), '{}') AS retries
