-- Trees of runs that ended long enough ago to become history, the oldest first, locked so that each is moved once.
-- As many as there are roots or, with their children and log lines, rows to move in one transaction; but at least one.
WITH ripe AS MATERIALIZED (
    SELECT root.id, root.environment_id, root.ended_at, tree.runs + log.lines AS weight
      FROM run AS root
     CROSS JOIN LATERAL (
               SELECT count(*) + 1 AS runs, count(*) FILTER (WHERE member.ended_at IS NULL) AS live
                 FROM run AS member
                WHERE member.root_run_id = root.id) AS tree
     CROSS JOIN LATERAL (
               SELECT count(*) AS lines
                 FROM run_log
                WHERE run_log.run_id = ANY(ARRAY(SELECT member.id FROM run AS member WHERE member.root_run_id = root.id)
                                           || root.id)) AS log
     WHERE root.parent_run_id IS NULL AND root.ended_at <= $1 AND tree.live = 0
     ORDER BY root.ended_at, root.id
     LIMIT $2
       FOR UPDATE OF root SKIP LOCKED
)
SELECT id AS run, environment_id AS environment, (ended_at AT TIME ZONE 'UTC')::date AS kept_on
  FROM (SELECT *, sum(weight) OVER (ORDER BY ended_at, id) - weight AS before FROM ripe) AS weighed
 WHERE before < $3
 ORDER BY ended_at, id
