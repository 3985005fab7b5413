-- Nobody changes these schedules until the end of the transaction.
SELECT id FROM schedule WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
