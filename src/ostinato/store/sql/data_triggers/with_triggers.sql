-- Those of some environments in which there is a data trigger.
SELECT id FROM environment WHERE id = ANY($1::bigint[]) AND EXISTS (SELECT FROM data_trigger WHERE environment_id = environment.id)
