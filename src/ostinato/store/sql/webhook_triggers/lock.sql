-- Nobody changes or calls a webhook trigger until the end of the transaction.
SELECT id FROM webhook_trigger WHERE id = $1 FOR UPDATE
