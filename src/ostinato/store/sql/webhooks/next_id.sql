-- The id of a webhook to be made: its secrets are sealed to it.
SELECT nextval(pg_get_serial_sequence('webhook', 'id'))
