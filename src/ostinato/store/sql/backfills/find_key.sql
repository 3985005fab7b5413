-- The backfill that somebody has made under a key.
SELECT id AS backfill, task_id AS task, plan_id AS plan, begin_at AS begin, end_at AS end, concurrency, newest_first,
       stop_on_failure, priority, description
  FROM backfill
 WHERE owner_id = $1 AND key = $2
