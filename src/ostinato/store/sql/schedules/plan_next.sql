-- When triggers fire next, whatever they were about to do, if they are still what that was worked out from and start something.
UPDATE schedule_trigger
   SET planned_at = new.planned, due_at = new.due, version = schedule_trigger.version + 1
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS new (id, version, planned, due)
 WHERE schedule_trigger.id = new.id AND schedule_trigger.version = new.version
   AND EXISTS (SELECT FROM schedule WHERE schedule.id = schedule_id AND num_nonnulls(task_id, plan_id) = 1)
