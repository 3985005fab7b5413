-- A data trigger with its sources.
DELETE FROM data_trigger WHERE id = $1
