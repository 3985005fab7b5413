-- Whether work moves while work is ready: since when ready work has been waiting that should have been taken before $1, and
-- how many claims there have ever been.
SELECT (SELECT GREATEST(queued_at, due_at)
          FROM run
         WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NULL AND queued_at < $1 AND due_at < $1
         LIMIT 1) AS ready_since,
       (SELECT GREATEST(queued_at, due_at)
          FROM run
         WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NOT NULL AND queued_at < $1 AND due_at < $1
         LIMIT 1) AS plan_ready_since,
       (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM lease_token) AS claims
