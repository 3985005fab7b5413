-- Whether there are records that are not in the chain yet.
SELECT EXISTS (SELECT FROM audit WHERE seal IS NULL)
