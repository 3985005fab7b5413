-- Which runs were started for times that were taken; what waited does not any more.
WITH told AS (
    UPDATE backfill_fire AS fire
       SET run_id = new.run
      FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS new (backfill, place, run)
     WHERE fire.backfill_id = new.backfill AND fire.place = new.place AND fire.run_id IS NULL
    RETURNING fire.backfill_id
)
UPDATE backfill
   SET waiting = NULL
 WHERE id IN (SELECT backfill_id FROM told) AND waiting IS NOT NULL
