-- A schedule with its triggers.
DELETE FROM schedule WHERE id = $1
