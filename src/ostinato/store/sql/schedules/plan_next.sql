-- When triggers fire next, whatever they were about to do.
UPDATE schedule_trigger
   SET planned_at = new.planned, due_at = new.due
  FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS new (id, planned, due)
 WHERE schedule_trigger.id = new.id
