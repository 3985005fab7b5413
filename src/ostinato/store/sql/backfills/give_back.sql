-- Times whose start was refused are there to be taken again.
WITH back AS (
    UPDATE backfill_fire AS fire
       SET taken = false
      FROM unnest($1::bigint[], $2::integer[]) AS refused (backfill, place)
     WHERE fire.backfill_id = refused.backfill AND fire.place = refused.place AND fire.taken AND fire.run_id IS NULL
    RETURNING fire.backfill_id
)
UPDATE backfill
   SET live = backfill.live - fewer.number
  FROM (SELECT backfill_id, count(*) AS number FROM back GROUP BY backfill_id) AS fewer
 WHERE backfill.id = fewer.backfill_id
