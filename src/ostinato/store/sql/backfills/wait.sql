-- Why backfills do not go on, and when they are tried again: later if it is for the same reason as before. Not those of which
-- somebody else has started the rest meanwhile.
UPDATE backfill
   SET waiting = told.why,
       due_at = $3::timestamptz + CASE WHEN backfill.waiting = told.why THEN interval '5 s' ELSE interval '1 s' END
  FROM unnest($1::bigint[], $2::text[]) AS told (id, why)
 WHERE backfill.id = told.id AND backfill.stopped IS NULL AND backfill.ended_at IS NULL
   AND EXISTS (SELECT FROM backfill_fire AS fire WHERE fire.backfill_id = backfill.id AND NOT fire.taken)
