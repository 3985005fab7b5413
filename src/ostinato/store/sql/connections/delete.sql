-- A connection goes that no task uses.
DELETE FROM connection WHERE id = $1
