-- Data triggers fire, each unless somebody fired or changed it meanwhile, or does so in this
-- moment. The start sees everything that is committed by now, so
-- all successes that are there are used by it; what was used before the fire before is forgotten.
WITH free AS (
    SELECT own.id, asked.at
      FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS asked (id, fires, changed_at, at)
      JOIN data_trigger AS own ON own.id = asked.id AND own.active AND own.fires = asked.fires
                              AND own.changed_at = asked.changed_at
     ORDER BY own.id
       FOR UPDATE OF own SKIP LOCKED
), taken AS (
    UPDATE data_trigger
       SET fires = data_trigger.fires + 1, fired_at = free.at
      FROM free
     WHERE data_trigger.id = free.id
    RETURNING data_trigger.id, data_trigger.fires
), used AS (
    UPDATE data_trigger_success AS success
       SET fire = taken.fires
      FROM taken
      JOIN data_trigger_source AS source ON source.trigger_id = taken.id
     WHERE success.source_id = source.id AND success.fire IS NULL
), forgotten AS (
    DELETE FROM data_trigger_success AS success
     USING taken
      JOIN data_trigger_source AS source ON source.trigger_id = taken.id
     WHERE success.source_id = source.id AND success.fire < taken.fires - 1
)
SELECT id FROM taken
