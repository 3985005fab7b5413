-- A delivery that has ended waits again, under the name its receiver knows it by. None while it waits anyway.
UPDATE webhook_delivery
   SET state = 'waiting',
       failures = 0,
       due_at = $3,
       claimed_until = NULL,
       ended_at = NULL
 WHERE id = $2 AND webhook_id = $1 AND state <> 'waiting'
RETURNING id
