-- A plan gets another name; nothing if another plan of its workspace has it.
UPDATE plan
   SET name = $2, changed_at = $3
 WHERE id = $1
   AND NOT EXISTS (SELECT FROM plan AS other WHERE other.workspace_id = plan.workspace_id AND other.name = $2)
RETURNING id
