-- What came to the address of a webhook trigger, the newest first; what it brought only if one call is asked for.
SELECT call.id, call.received_at, call.key, call.address, call.type, octet_length(call.data) AS bytes,
       CASE WHEN $4::bigint IS NOT NULL THEN call.data END AS data, own.due_at, own.fired_at, own.run_id AS run
  FROM webhook_call AS call
  JOIN webhook_window AS own ON own.id = call.window_id
 WHERE call.trigger_id = $1
   AND ($2::bigint IS NULL OR call.id < $2)
   AND ($4::bigint IS NULL OR call.id = $4)
 ORDER BY call.id DESC
 LIMIT $3
