-- The runs that windows started, or that say why nothing was.
UPDATE webhook_window
   SET run_id = new.run
  FROM unnest($1::bigint[], $2::bigint[]) AS new (id, run)
 WHERE webhook_window.id = new.id
