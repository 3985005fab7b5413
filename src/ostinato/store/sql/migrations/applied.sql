-- The migrations this database has seen, and what their texts were.
SELECT number, name, digest FROM migration ORDER BY number
