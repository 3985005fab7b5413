-- A plan is deleted: its runs are told of for as long as they are kept, under its name.
WITH gone AS (
    UPDATE plan SET deleted_at = $2 WHERE id = $1 RETURNING id
), members AS (
    DELETE FROM plan_member USING gone WHERE plan_member.plan_id = gone.id
), parts AS (
    DELETE FROM plan_part USING gone WHERE plan_part.plan_id = gone.id
), sequence AS (
    DELETE FROM plan_order USING gone WHERE plan_order.plan_id = gone.id
)
SELECT id FROM gone
