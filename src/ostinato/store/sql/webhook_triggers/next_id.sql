-- The id of a webhook trigger to be made: its secrets are sealed to it.
SELECT nextval(pg_get_serial_sequence('webhook_trigger', 'id'))
