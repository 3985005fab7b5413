-- Remember that a migration was applied.
INSERT INTO migration (number, name, digest) VALUES ($1, $2, $3)
