-- What has to be told goes into the queue, each event of a run once. A queue that is full takes no more: the log says so.
WITH told AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY webhook ORDER BY position) AS place
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY
           AS asked (webhook, message, event, run, body, position)
), waiting AS MATERIALIZED (
    SELECT webhook.id, (SELECT count(*)
                          FROM (SELECT FROM webhook_delivery AS other
                                 WHERE other.webhook_id = webhook.id AND other.state = 'waiting'
                                 LIMIT $7) AS counted) AS number
      FROM webhook
     WHERE webhook.id = ANY(ARRAY(SELECT DISTINCT told.webhook FROM told))
), judged AS (
    SELECT told.*, waiting.number + told.place <= $7 AS is_room
      FROM told
      JOIN waiting ON waiting.id = told.webhook
)
INSERT INTO webhook_delivery (webhook_id, message, event, run_id, body, state, due_at, error, created_at, ended_at)
SELECT webhook, message, event, run, body, CASE WHEN is_room THEN 'waiting' ELSE 'dropped' END,
       CASE WHEN is_room THEN $6::timestamptz END, CASE WHEN NOT is_room THEN 'The queue was full' END, $6,
       CASE WHEN NOT is_room THEN $6::timestamptz END
  FROM judged
    ON CONFLICT (webhook_id, run_id, event) DO NOTHING
RETURNING id
