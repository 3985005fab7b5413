-- Versions go; what ended runs had of them is forgotten with them.
DELETE FROM artifact_version WHERE id = ANY($1::bigint[])
