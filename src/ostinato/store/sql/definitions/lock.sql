-- Definitions are applied one request at a time, so that each sees all that the one before it wrote.
SELECT pg_advisory_xact_lock($1)
