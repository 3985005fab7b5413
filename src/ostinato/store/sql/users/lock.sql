-- Who may do what is changed by one transaction at a time: two that each look whether an administrator is left must not pass
-- each other. Taken before any row is locked, for triggers of the changes take it as well.
SELECT pg_advisory_xact_lock(7300000005)
