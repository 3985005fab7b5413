-- The runs that windows started, or that say why nothing was.
UPDATE webhook_window
   SET run_id = run.id, misfired = run.reason IS NOT DISTINCT FROM 'misfired'
  FROM unnest($1::bigint[], $2::bigint[]) AS new (id, run)
  JOIN run ON run.id = new.run
 WHERE webhook_window.id = new.id
