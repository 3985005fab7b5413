-- A webhook goes, with everything in its queue and in its log.
DELETE FROM webhook WHERE id = $1
