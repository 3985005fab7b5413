-- No run is made until the end of the transaction: runs name what they run and do not hold it, so one that began to be made a moment
-- before would be left over. Rare, and short.
LOCK TABLE run IN SHARE ROW EXCLUSIVE MODE
