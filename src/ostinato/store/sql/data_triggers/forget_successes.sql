-- What succeeded for a data trigger so far does not count.
DELETE FROM data_trigger_success
 USING data_trigger_source AS source
 WHERE source.trigger_id = $1 AND data_trigger_success.source_id = source.id AND data_trigger_success.fire IS NULL
