-- How much work there is on the whole installation.
SELECT count(*) FILTER (WHERE state = 'QUEUED') AS queued,
       count(*) FILTER (WHERE state IN ('CLAIMED', 'RUNNING') AND graph_id IS NULL) AS running,
       count(*) FILTER (WHERE state = 'RUNNING' AND graph_id IS NOT NULL) AS plans
  FROM run
 WHERE state IN ('QUEUED', 'CLAIMED', 'RUNNING')
