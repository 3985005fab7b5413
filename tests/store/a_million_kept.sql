-- What `a_million_runs.sql` made becomes history, as moving it tree by tree would leave it, in a part of the time.
CREATE TEMPORARY TABLE moved AS
SELECT run.id, (COALESCE(root.ended_at, run.ended_at) AT TIME ZONE 'UTC')::date AS kept_on
  FROM run
  LEFT JOIN run AS root ON root.id = run.root_run_id
 WHERE run.id <= 1000000;
ANALYZE moved;

SELECT make_week(environment, monday)
  FROM here, (SELECT DISTINCT date_trunc('week', kept_on)::date AS monday FROM moved) AS week;

INSERT INTO kept_run SELECT moved.kept_on, run.* FROM moved JOIN run USING (id);
INSERT INTO kept_log SELECT environment, moved.kept_on, run_log.* FROM here, moved JOIN run_log ON run_log.run_id = moved.id;
UPDATE kept_week
   SET first_on = found.first_on, first_run = found.first_run, last_run = found.last_run
  FROM (SELECT date_trunc('week', kept_on)::date AS week, min(kept_on) AS first_on, min(id) AS first_run, max(id) AS last_run
          FROM moved
         GROUP BY 1) AS found
 WHERE kept_week.week = found.week;
DELETE FROM run WHERE id <= 1000000;
DELETE FROM run_log WHERE run_id <= 1000000;
