-- Nobody changes this task, or starts it where it must not overlap, until the end of the transaction.
SELECT id FROM task WHERE id = $1 FOR UPDATE
