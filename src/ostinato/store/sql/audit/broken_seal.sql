-- The first place in the chain whose record is missing or is not as it was written.
SELECT broken_seal()
