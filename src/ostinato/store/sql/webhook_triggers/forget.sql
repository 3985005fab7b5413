-- Windows that were fired long ago go, with their calls.
WITH old AS MATERIALIZED (
    SELECT id FROM webhook_window WHERE fired_at < $1 ORDER BY fired_at LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM webhook_window USING old WHERE webhook_window.id = old.id
    RETURNING 1
)
SELECT count(*) FROM gone
