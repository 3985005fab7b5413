-- What is said of an environment, unless another one has the name.
UPDATE environment
   SET name = $2, description = $3, max_cloud_engines = $4
 WHERE id = $1 AND NOT EXISTS (SELECT FROM environment AS other WHERE other.name = $2 AND other.id <> $1)
RETURNING id
