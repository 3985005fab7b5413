-- Triggers move on from the fire that is made now. One that somebody else fired or planned anew stands elsewhere, and one that is
-- being changed in this moment is locked: both are left.
WITH free AS (
    SELECT own.id, new.following, new.due
      FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
           AS new (id, version, planned, following, due)
      JOIN schedule_trigger AS own ON own.id = new.id AND own.version = new.version AND own.planned_at = new.planned
     ORDER BY own.id
       FOR UPDATE OF own SKIP LOCKED
)
UPDATE schedule_trigger
   SET planned_at = free.following, due_at = free.due
  FROM free
 WHERE schedule_trigger.id = free.id
RETURNING schedule_trigger.id
