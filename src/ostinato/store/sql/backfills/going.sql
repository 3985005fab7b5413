-- Whether there is a backfill that has not ended.
SELECT EXISTS (SELECT FROM backfill WHERE ended_at IS NULL)
