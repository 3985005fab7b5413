-- The last of the next $2 numbers of a series.
INSERT INTO number_series (name, last)
VALUES ($1, $2::integer)
ON CONFLICT (name) DO UPDATE SET last = number_series.last + EXCLUDED.last
RETURNING last
