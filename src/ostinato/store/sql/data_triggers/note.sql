-- Runs succeeded: written down for every data trigger that has what they are of among its sources, with the newest of all runs,
-- committed or not.
INSERT INTO data_trigger_success (source_id, run_id, ended_at, newest_run)
SELECT source.id, run.id, run.ended_at,
       GREATEST(run.id, pg_sequence_last_value(pg_get_serial_sequence('run', 'id')::regclass))
  FROM unnest($1::bigint[]) AS told (id)
  JOIN run ON run.id = told.id AND run.state = 'SUCCEEDED'
 CROSS JOIN LATERAL (
           SELECT of_task.id FROM data_trigger_source AS of_task WHERE of_task.task_id = run.task_id
            UNION ALL
           SELECT of_plan.id FROM data_trigger_source AS of_plan WHERE of_plan.plan_id = run.plan_id) AS source
    ON CONFLICT DO NOTHING
