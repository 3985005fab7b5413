-- What a file says of an environment that exists.
UPDATE environment SET description = $2, stage = $3 WHERE name = $1
