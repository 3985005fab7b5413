-- How a run and everything below it stand, live or kept: of each run a number that is another one when anything moved it. No row if
-- the viewer may not see the run; what is below it and may not be seen is left out.
WITH below AS MATERIALIZED (
    SELECT * FROM find_run($1)
     UNION ALL
    SELECT * FROM find_tree($1) WHERE id > $1
)
SELECT min(state) FILTER (WHERE id = $1) AS state,
       array_agg(id ORDER BY id) AS runs,
       array_agg(parent_run_id ORDER BY id) AS parents,
       array_agg(hashtextextended(concat_ws('/', id, state, reason, attempt, hold, queued_at, due_at, started_at, ended_at,
                                            cancel_requested_at, deadline_at, row_count), 0) ORDER BY id) AS marks
  FROM below
 WHERE EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = below.workspace_id AND access.subject_id = $2
                  AND 'VIEW' = ANY(access.permissions))
HAVING bool_or(id = $1)
