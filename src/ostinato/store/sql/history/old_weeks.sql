-- The weeks of which something is kept for longer than its environment wants; logs and findings never outlive their runs. Of an
-- environment that was removed nothing is kept.
SELECT environment, monday, runs, logs, findings
  FROM (SELECT place.environment_id AS environment, place.week AS monday,
               environment.id IS NULL OR COALESCE(age >= environment.keep_runs_days, false) AS runs,
               COALESCE(place.logs AND age >= environment.keep_logs_days, false) AS logs,
               COALESCE(place.findings AND age >= environment.keep_findings_days, false) AS findings
          FROM kept_week AS place
          LEFT JOIN environment ON environment.id = place.environment_id
         CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date - (place.week + 7) AS age) AS ended) AS old
 WHERE runs OR logs OR findings
 ORDER BY monday, environment
