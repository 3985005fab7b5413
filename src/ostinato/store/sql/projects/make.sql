-- A new project, if name and label are free.
INSERT INTO project (name, label, description, url, owner_id, author_id, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT DO NOTHING
RETURNING id
