-- A webhook trigger goes, with its calls.
DELETE FROM webhook_trigger WHERE id = $1
