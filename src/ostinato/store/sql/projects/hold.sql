-- Nobody changes this project, or who may work on it, until the end of the transaction.
SELECT id FROM project WHERE id = $1 FOR UPDATE
