-- The lists of holidays of an environment, which nobody changes until the end of the transaction.
SELECT environment_id AS environment, name, days FROM holiday_list WHERE environment_id = $1 ORDER BY name FOR SHARE
