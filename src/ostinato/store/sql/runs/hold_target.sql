-- A task or plan that is not deleted before the end of the transaction; none: it is deleted already.
WITH of_task AS (
    SELECT id FROM task_ever WHERE id = $1 AND is_there FOR SHARE
), of_plan AS (
    SELECT id FROM plan_ever WHERE id = $2 AND is_there FOR SHARE
)
SELECT id FROM of_task UNION ALL SELECT id FROM of_plan
