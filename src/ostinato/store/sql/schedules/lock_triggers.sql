-- Nobody fires or changes the triggers of these schedules until the end of the transaction.
SELECT id FROM schedule_trigger WHERE schedule_id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
