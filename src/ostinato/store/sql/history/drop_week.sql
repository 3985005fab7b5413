-- A week that is too old goes, or its logs, or its findings; false while somebody is busy there.
SELECT drop_week($1, $2, $3, $4, $5)
