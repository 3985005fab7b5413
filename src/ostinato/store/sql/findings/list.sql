-- The rows a check found, in the order it found them.
SELECT kind, row
  FROM find_findings($1, $2, $3)
 ORDER BY position
