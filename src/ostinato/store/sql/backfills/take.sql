-- Times are taken to be started, each once, as many as there is room for. Of a backfill that is stopped none is: whoever stops it waits
-- for those who take, and then sees what they started.
WITH asked AS (
    SELECT backfill, place, row_number() OVER (PARTITION BY backfill ORDER BY place) AS number
      FROM unnest($1::bigint[], $2::integer[]) AS asked (backfill, place)
), held AS MATERIALIZED (
    SELECT id, concurrency - live AS room
      FROM backfill
     WHERE id = ANY($1::bigint[]) AND stopped IS NULL AND ended_at IS NULL
     ORDER BY id
       FOR NO KEY UPDATE
), taken AS (
    UPDATE backfill_fire AS fire
       SET taken = true
      FROM asked
      JOIN held ON held.id = asked.backfill AND asked.number <= held.room
     WHERE fire.backfill_id = asked.backfill AND fire.place = asked.place AND NOT fire.taken
    RETURNING fire.backfill_id, fire.place
), counted AS (
    UPDATE backfill
       SET live = backfill.live + more.number
      FROM (SELECT backfill_id, count(*) AS number FROM taken GROUP BY backfill_id) AS more
     WHERE backfill.id = more.backfill_id
)
SELECT backfill_id AS backfill, place FROM taken
