-- The tasks of these plans are listed anew.
DELETE FROM plan_member WHERE plan_id = ANY($1::bigint[])
