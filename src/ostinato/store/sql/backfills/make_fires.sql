-- The times of a backfill, in the order in which they start.
INSERT INTO backfill_fire (backfill_id, place, at)
SELECT $1, fire.place, fire.at
  FROM unnest($2::timestamptz[]) WITH ORDINALITY AS fire (at, place)
