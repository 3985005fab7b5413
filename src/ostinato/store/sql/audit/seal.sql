-- Put the records whose transactions have ended into the chain.
SELECT seal_audit()
