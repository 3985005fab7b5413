-- What a schedule is, what it starts, and on whose behalf.
UPDATE schedule
   SET description = $2, task_id = $3, plan_id = $4, owner_id = $5, changed_at = $6, own = $7
 WHERE id = $1
