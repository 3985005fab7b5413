-- What the active webhooks want to hear of: whether any wants starts, or tasks inside of plans; since when. No row without one.
SELECT bool_or('run.started' = ANY(events)) AS starts, bool_or(tasks) AS tasks, min(since) AS since
  FROM webhook
 WHERE active
HAVING count(*) > 0
