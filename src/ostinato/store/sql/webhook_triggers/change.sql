-- What a webhook trigger is from now on. One that is to need no signature loses its secrets.
UPDATE webhook_trigger
   SET name = $2, description = $3, active = $4, calls = $5, window_ms = $6, per_minute = $7, owner_id = $8, changed_at = $10,
       secret = CASE WHEN $9 THEN secret END,
       old_secret = CASE WHEN $9 THEN old_secret END,
       old_secret_until = CASE WHEN $9 THEN old_secret_until END
 WHERE id = $1
