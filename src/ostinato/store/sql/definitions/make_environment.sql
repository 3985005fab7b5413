-- An environment that a file defines.
INSERT INTO environment (name, description, stage, parameters, keep_runs_days, keep_logs_days, keep_findings_days,
                         created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id
