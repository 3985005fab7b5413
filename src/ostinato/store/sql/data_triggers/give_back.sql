-- Data triggers that could not start what they start yet: as if they had not fired.
WITH given AS (
    UPDATE data_trigger
       SET fires = asked.fires, fired_at = asked.fired_at
      FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS asked (id, fires, fired_at)
     WHERE data_trigger.id = asked.id
    RETURNING data_trigger.id, data_trigger.fires
)
UPDATE data_trigger_success AS success
   SET fire = NULL
  FROM given
  JOIN data_trigger_source AS source ON source.trigger_id = given.id
 WHERE success.source_id = source.id AND success.fire > given.fires
