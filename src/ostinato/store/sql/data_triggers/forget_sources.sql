-- Sources of a data trigger that are not among these.
DELETE FROM data_trigger_source AS source
 WHERE source.trigger_id = $1
   AND NOT EXISTS (SELECT
                     FROM unnest($2::bigint[], $3::bigint[]) AS wanted (task, plan)
                    WHERE wanted.task = source.task_id OR wanted.plan = source.plan_id)
