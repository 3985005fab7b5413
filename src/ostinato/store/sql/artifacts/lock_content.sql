-- One transaction at a time decides about the content of a digest: whether it is put into the object store or taken out.
SELECT pg_advisory_xact_lock(7310, hashtext($1))
