-- A resource is called or described otherwise, or comes into another workspace; nothing if another one has the name there.
UPDATE resource
   SET workspace_id = $2, name = $3, description = $4, changed_at = $5
 WHERE id = $1
   AND NOT EXISTS (SELECT FROM resource AS other WHERE other.workspace_id = $2 AND other.name = $3 AND other.id <> $1)
RETURNING id
