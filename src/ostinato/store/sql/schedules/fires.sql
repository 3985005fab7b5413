-- The newest fires of triggers before a time, so many of each and so many together, by the keys of what they started or recorded;
-- with the run, if it is still kept and the viewer may see it, and why nothing started.
SELECT fired.trigger, fired.key::timestamptz AS planned_at, run.id AS run, run.state, run.reason,
       CASE WHEN run.reason = 'misfired' THEN run.message END AS message
  FROM (SELECT asked.trigger, newest.key, newest.run_id
          FROM unnest($2::text[], $3::text[]) AS asked (trigger, scope)
         CROSS JOIN LATERAL (
                   SELECT trigger_key.key, trigger_key.run_id
                     FROM trigger_key
                    WHERE trigger_key.scope = asked.scope AND trigger_key.key < $4
                    ORDER BY trigger_key.key DESC
                    LIMIT $5) AS newest
         ORDER BY newest.key DESC
         LIMIT $6) AS fired
  LEFT JOIN LATERAL (
           SELECT found.id, found.state, found.reason, found.message
             FROM find_run(fired.run_id) AS found
            WHERE EXISTS (SELECT FROM workspace_access AS access
                           WHERE access.workspace_id = found.workspace_id AND access.subject_id = $1
                             AND 'VIEW' = ANY(access.permissions))) AS run ON true
 ORDER BY fired.key DESC, fired.trigger
