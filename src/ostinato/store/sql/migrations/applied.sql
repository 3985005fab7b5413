-- The numbers of the migrations this database has seen.
SELECT COALESCE(array_agg(number), '{}') FROM migration
