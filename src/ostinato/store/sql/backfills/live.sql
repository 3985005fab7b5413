-- Runs that are not known to have ended: of one backfill, or of all.
SELECT fire.run_id
  FROM backfill
  JOIN backfill_fire AS fire ON fire.backfill_id = backfill.id AND fire.run_id IS NOT NULL AND fire.state IS NULL
 WHERE backfill.ended_at IS NULL AND ($1::bigint IS NULL OR backfill.id = $1)
