-- All environments, to compare what files say of them.
SELECT id, name, description, stage FROM environment ORDER BY name
