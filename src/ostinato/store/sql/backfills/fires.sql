-- The times of a backfill in the order in which they start, with the runs that they started and how these stand.
SELECT fire.at, fire.run_id AS run, COALESCE(fire.state, run.state) AS state
  FROM backfill_fire AS fire
  LEFT JOIN run ON run.id = fire.run_id AND fire.state IS NULL
 WHERE fire.backfill_id = $1
 ORDER BY fire.place
 LIMIT $2 OFFSET $3
