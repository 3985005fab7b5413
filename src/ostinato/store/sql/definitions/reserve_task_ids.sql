-- Ids for tasks that are about to be made, so that plans can name them before they exist.
SELECT nextval(pg_get_serial_sequence('task_ever', 'id')) AS id FROM generate_series(1, $1::integer)
