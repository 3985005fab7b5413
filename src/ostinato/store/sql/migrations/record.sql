-- Remember that a migration was applied.
INSERT INTO migration (number, name) VALUES ($1, $2)
