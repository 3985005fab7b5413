-- The time of runs that were to be tried later has come.
UPDATE run
   SET hold = NULL
 WHERE id = ANY(ARRAY(
           SELECT id FROM run
            WHERE state = 'QUEUED' AND hold = 'due' AND due_at <= $1
            ORDER BY due_at
            LIMIT $2
              FOR UPDATE SKIP LOCKED))
RETURNING id AS run, graph_id AS graph
