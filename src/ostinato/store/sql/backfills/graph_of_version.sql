-- The steps of a version of a plan.
SELECT graph_id FROM plan_version WHERE plan_id = $1 AND version = $2
