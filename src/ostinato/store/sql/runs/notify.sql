-- Tell every server that there is work to start, or something to end.
SELECT pg_notify('ostinato', $1)
