-- The log of a run from one line on, in the order it was written.
SELECT seq, attempt, at, line AS text
  FROM find_log($1, $2, $3)
 ORDER BY seq
 LIMIT $3
