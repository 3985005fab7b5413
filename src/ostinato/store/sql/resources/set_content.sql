-- A resource has other content from now on.
UPDATE resource SET digest = decode($2, 'hex'), size = $3, file_name = $4, changed_at = $5 WHERE id = $1
