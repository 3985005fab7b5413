-- One server migrates at a time; the others wait here until it has committed.
SELECT pg_advisory_xact_lock($1::bigint)
