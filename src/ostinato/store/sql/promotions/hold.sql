-- Nobody changes this promotion, or who is assigned to it, until the end of the transaction.
SELECT id FROM promotion WHERE id = $1 FOR UPDATE
