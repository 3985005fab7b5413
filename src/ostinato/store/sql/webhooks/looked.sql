-- Runs have been looked at until then; with a sweep, all of them.
UPDATE webhook_look
   SET until_at = $1,
       swept_at = CASE WHEN $2 THEN $1 ELSE swept_at END
