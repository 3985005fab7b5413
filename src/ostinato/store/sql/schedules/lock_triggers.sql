-- Nobody fires or changes these triggers, and those of these schedules, until the end of the transaction.
SELECT id FROM schedule_trigger WHERE schedule_id = ANY($1::bigint[]) OR id = ANY($2::bigint[]) ORDER BY id FOR UPDATE
