-- How many calls of a webhook trigger came lately, and when the first of them.
SELECT count(*) AS calls, min(received_at) AS first_at FROM webhook_call WHERE trigger_id = $1 AND received_at > $2
