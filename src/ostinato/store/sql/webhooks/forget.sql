-- Old deliveries leave the log; not those of runs that are live, which would be told again.
WITH old AS MATERIALIZED (
    SELECT id
      FROM webhook_delivery
     WHERE created_at < $1
       AND NOT EXISTS (SELECT FROM run WHERE run.id = webhook_delivery.run_id)
     ORDER BY created_at
     LIMIT $2
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM webhook_delivery USING old WHERE webhook_delivery.id = old.id
    RETURNING 1
)
SELECT count(*) FROM gone
