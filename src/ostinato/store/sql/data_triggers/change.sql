-- What a data trigger starts, on which condition, and on whose behalf; unless another one starts that.
UPDATE data_trigger
   SET task_id = $2, plan_id = $3, condition = $4, active = $5, owner_id = $6, changed_at = $7
 WHERE id = $1
   AND NOT EXISTS (SELECT FROM data_trigger AS other WHERE other.id <> $1 AND (other.task_id = $2 OR other.plan_id = $3))
RETURNING id
