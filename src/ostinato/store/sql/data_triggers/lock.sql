-- Nobody changes or fires this data trigger until the end of the transaction.
SELECT id FROM data_trigger WHERE id = $1 FOR UPDATE
