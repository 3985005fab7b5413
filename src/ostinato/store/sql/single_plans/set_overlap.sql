-- Whether a plan may be at work more than once at a time; nothing if that is so already.
UPDATE plan SET overlap = $2, changed_at = $3 WHERE id = $1 AND overlap <> $2 RETURNING id
