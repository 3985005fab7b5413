-- An artifact goes, after its versions.
DELETE FROM artifact WHERE id = $1
