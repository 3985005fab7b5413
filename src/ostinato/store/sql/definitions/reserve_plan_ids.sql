-- Ids for plans that are about to be made, so that plans and tasks can name one another.
SELECT nextval(pg_get_serial_sequence('plan_ever', 'id')) AS id FROM generate_series(1, $1::integer)
