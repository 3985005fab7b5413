-- How an attempt at a delivery ended, once: one that was taken over by another attempt meanwhile changes nothing.
UPDATE webhook_delivery
   SET state = $3,
       failures = failures + CASE WHEN $3 = 'succeeded' THEN 0 ELSE 1 END,
       due_at = $4,
       claimed_until = NULL,
       status = $5,
       error = $6,
       answer = $7,
       ended_at = CASE WHEN $3 <> 'waiting' THEN $8::timestamptz END
 WHERE id = $1 AND attempts = $2 AND state = 'waiting'
RETURNING webhook_id
