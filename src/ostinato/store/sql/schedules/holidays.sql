-- The lists of holidays of some environments.
SELECT environment_id AS environment, name, days FROM holiday_list WHERE environment_id = ANY($1::bigint[]) ORDER BY name
