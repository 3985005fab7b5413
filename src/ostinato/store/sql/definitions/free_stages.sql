-- Environments that change their stage give the old one up first, so that two can swap.
UPDATE environment SET stage = NULL WHERE name = ANY($1::text[])
