-- A resource goes that no task gets.
DELETE FROM resource WHERE id = $1
