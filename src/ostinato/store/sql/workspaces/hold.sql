-- Nobody changes these workspaces until the end of the transaction.
SELECT id FROM workspace WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
