-- Keys are remembered long enough for every repetition of a request; those of runs that are live stay.
WITH old AS MATERIALIZED (
    SELECT scope, key
      FROM trigger_key
     WHERE created_at < $1
       AND NOT EXISTS (SELECT FROM run WHERE run.id = trigger_key.run_id AND run.ended_at IS NULL)
     ORDER BY created_at
     LIMIT $2
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM trigger_key USING old
     WHERE trigger_key.scope = old.scope AND trigger_key.key = old.key
    RETURNING 1
)
SELECT count(*) FROM gone
