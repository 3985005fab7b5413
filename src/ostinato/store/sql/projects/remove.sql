-- A project goes, with the authorisations to work on it.
DELETE FROM project WHERE id = $1 RETURNING id
