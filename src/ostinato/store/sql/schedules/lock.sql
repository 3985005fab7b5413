-- Nobody changes this schedule until the end of the transaction.
SELECT id FROM schedule WHERE id = $1 FOR UPDATE
