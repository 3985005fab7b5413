-- A promotion goes, with the assignments to it.
DELETE FROM promotion WHERE id = $1 RETURNING id
