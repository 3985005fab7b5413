-- Triggers move on from the fire that is made now; one that somebody else fired stands elsewhere, and is left.
UPDATE schedule_trigger
   SET planned_at = new.following, due_at = new.due
  FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) AS new (id, planned, following, due)
 WHERE schedule_trigger.id = new.id AND schedule_trigger.planned_at = new.planned
RETURNING schedule_trigger.id
