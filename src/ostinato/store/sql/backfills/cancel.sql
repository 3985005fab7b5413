-- What has not started never starts; asking again changes nothing.
UPDATE backfill
   SET stopped = 'cancelled', stopped_at = $2, stopped_by = $3, waiting = NULL, ended_at = CASE WHEN live = 0 THEN $2::timestamptz END
 WHERE id = $1 AND stopped IS NULL AND ended_at IS NULL
RETURNING id
