-- The times that backfills start next, as many of each as there is room for; of one whose last start was refused, one.
SELECT backfill.id AS backfill, next.place, next.at, backfill.task_id AS task, backfill.plan_id AS plan, backfill.graph_id AS graph,
       backfill.version, backfill.parameters, backfill.priority, backfill.waiting, backfill.owner_id AS owner,
       app_user.name AS owner_name
  FROM backfill
  JOIN app_user ON app_user.id = backfill.owner_id
 CROSS JOIN LATERAL (
           SELECT fire.place, fire.at
             FROM backfill_fire AS fire
            WHERE fire.backfill_id = backfill.id AND NOT fire.taken
            ORDER BY fire.place
            LIMIT LEAST(backfill.concurrency - backfill.live, CASE WHEN backfill.waiting IS NOT NULL THEN 1 END)) AS next
 WHERE backfill.ended_at IS NULL AND backfill.stopped IS NULL AND backfill.due_at <= $1
 ORDER BY backfill.due_at, backfill.id, next.place
 LIMIT $2
