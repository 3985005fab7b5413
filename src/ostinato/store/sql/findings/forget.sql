-- An attempt has new findings: those of earlier attempts of the same run are history.
DELETE FROM finding WHERE run_id = ANY($1::bigint[])
