-- What a file says of an environment that exists.
UPDATE environment
   SET description = $2, stage = $3, parameters = $4, keep_runs_days = $5, keep_logs_days = $6, keep_findings_days = $7
 WHERE name = $1
