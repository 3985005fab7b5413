-- The log of a run from one line on, in the order it was written.
SELECT seq, attempt, at, line AS text
  FROM run_log
 WHERE run_id = $1 AND seq > $2
 ORDER BY seq
 LIMIT $3
