-- Nobody changes or fires these data triggers until the end of the transaction.
SELECT id FROM data_trigger WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
