-- A new webhook; it tells of what happens from now on.
INSERT INTO webhook (id, workspace_key, environment_id, description, url, shown_url, secret, events, names, tasks, active, since,
                     created_at, created_by, changed_at)
OVERRIDING SYSTEM VALUE
VALUES ($1, $2, (SELECT id FROM environment WHERE name = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $12)
