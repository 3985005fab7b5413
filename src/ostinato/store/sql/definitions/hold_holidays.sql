-- The lists of holidays of some environments, which nobody else reads for writing or changes until the end of the transaction.
SELECT environment.name AS environment, holiday_list.name, holiday_list.days
  FROM holiday_list
  JOIN environment ON environment.id = holiday_list.environment_id
 WHERE environment.name = ANY($1::text[])
 ORDER BY holiday_list.environment_id, holiday_list.name
   FOR UPDATE OF holiday_list
