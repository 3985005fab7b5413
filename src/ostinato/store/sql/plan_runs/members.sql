-- Some runs of a plan and every run below them that somebody may see, with the names of what they ran: run by run, until there
-- are enough. found: it succeeded, although it kept rows that a check returned.
SELECT taken.root, (taken.member).id AS run, (taken.member).parent_run_id AS parent, (taken.member).step,
       (taken.member).handler, (taken.member).task_id AS task, (taken.member).plan_id AS plan, (taken.member).state,
       (taken.member).reason, (taken.member).message, (taken.member).started_at, (taken.member).ended_at,
       (taken.member).graph_id IS NULL AS by_worker, taken.has_rows AS found,
       COALESCE(task.name, plan.name) AS name, task.type, COALESCE(task.uses, '{}') AS uses
  FROM (SELECT root.place, root.id AS root, below.member, below.has_rows
          FROM unnest($2::bigint[], $4::date[]) WITH ORDINALITY AS root (id, day, place)
         CROSS JOIN LATERAL find_members(
                    root.id, $3, root.day,
                    ARRAY(SELECT workspace_id FROM workspace_access WHERE subject_id = $1 AND 'VIEW' = ANY(permissions)),
                    $5) AS below
         LIMIT $5) AS taken
  LEFT JOIN task_ever AS task ON task.id = (taken.member).task_id
  LEFT JOIN plan_ever AS plan ON plan.id = (taken.member).plan_id
 ORDER BY taken.place, run
