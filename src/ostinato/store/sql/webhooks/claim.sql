-- Take deliveries that are due, for a while: if nothing is heard of them by then, they are due again. Webhooks take turns, so
-- that one with many does not hold up others; few of one at a time, and one of one that fails.
WITH due AS MATERIALIZED (
    SELECT next.id, next.turn
      FROM webhook
     CROSS JOIN LATERAL (
               SELECT count(*) AS number
                 FROM webhook_delivery AS other
                WHERE other.webhook_id = webhook.id AND other.claimed_until > $1) AS busy
     CROSS JOIN LATERAL (
               SELECT waiting.id, row_number() OVER (ORDER BY waiting.due_at, waiting.id) AS turn
                 FROM (SELECT id, due_at
                         FROM webhook_delivery
                        WHERE webhook_id = webhook.id AND state = 'waiting' AND due_at <= $1
                          AND (claimed_until IS NULL OR claimed_until <= $1)
                        ORDER BY due_at, id
                        LIMIT GREATEST(CASE WHEN webhook.failing_since IS NULL THEN $4 ELSE 1 END - busy.number, 0)) AS waiting
               ) AS next
     WHERE webhook.active
     ORDER BY next.turn, next.id
     LIMIT $3
), free AS MATERIALIZED (
    SELECT id
      FROM webhook_delivery
     WHERE id = ANY(ARRAY(SELECT id FROM due)) AND state = 'waiting' AND (claimed_until IS NULL OR claimed_until <= $1)
       FOR UPDATE SKIP LOCKED
)
UPDATE webhook_delivery AS delivery
   SET claimed_until = $2,
       attempts = delivery.attempts + 1,
       tried_at = $1
  FROM free
  JOIN webhook_delivery AS mine ON mine.id = free.id
  JOIN webhook ON webhook.id = mine.webhook_id
 WHERE delivery.id = free.id
RETURNING delivery.id, delivery.webhook_id AS webhook, delivery.message, delivery.body, delivery.attempts, delivery.failures,
          webhook.url, webhook.secret, CASE WHEN webhook.old_secret_until > $1 THEN webhook.old_secret END AS old_secret
