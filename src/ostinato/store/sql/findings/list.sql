-- The rows a check found, in the order it found them.
SELECT kind, row
  FROM finding
 WHERE run_id = $1 AND position >= $2
 ORDER BY position
 LIMIT $3
