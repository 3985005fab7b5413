-- A list of holidays that no trigger names.
DELETE FROM holiday_list WHERE environment_id = $1 AND name = $2 RETURNING id
