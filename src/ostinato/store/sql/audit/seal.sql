-- Put records whose transactions have ended into the chain, at most so many; how many there were.
SELECT seal_audit($1)
