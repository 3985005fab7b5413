-- A connection gets another name, or comes into another workspace, its secrets encrypted for that place; nothing if another one has
-- the name there.
UPDATE connection
   SET workspace_id = $2, name = $3, secrets = $4, changed_at = $5
 WHERE id = $1
   AND NOT EXISTS (SELECT FROM connection AS other WHERE other.workspace_id = $2 AND other.name = $3 AND other.id <> $1)
RETURNING id
