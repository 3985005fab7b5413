-- The newest deliveries of a webhook, older than one or a certain one; whoever asks was found to manage it.
SELECT id, message, event, run_id AS run, state, attempts, status, error, answer, due_at,
       claimed_until > $6 AS sending, created_at, tried_at, ended_at
  FROM webhook_delivery
 WHERE webhook_id = $1
   AND id < COALESCE($2::bigint, 9223372036854775807)
   AND ($3::bigint IS NULL OR id = $3)
   AND ($4::text IS NULL OR state = $4)
 ORDER BY id DESC
 LIMIT $5
