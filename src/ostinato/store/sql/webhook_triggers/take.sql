-- Windows are fired now; those that somebody else fired are left.
UPDATE webhook_window
   SET fired_at = new.at
  FROM unnest($1::bigint[], $2::timestamptz[]) AS new (id, at)
 WHERE webhook_window.id = new.id AND webhook_window.fired_at IS NULL AND webhook_window.closed
RETURNING webhook_window.id
