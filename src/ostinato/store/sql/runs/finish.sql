-- Workers report how attempts ended; each ends its run or puts it back into the queue for another try.
-- Only the holder of the lease is heard, and only once: the first report takes the lease away.
UPDATE run
   SET state = CASE WHEN report.target = 'QUEUED' AND run.cancel_requested_at IS NOT NULL THEN 'CANCELLED' ELSE report.target END,
       reason = CASE WHEN report.target = 'QUEUED' AND run.cancel_requested_at IS NOT NULL THEN 'cancel_requested' ELSE report.reason END,
       message = report.message,
       row_count = report.row_count,
       counts = report.counts,
       started_at = COALESCE(run.started_at, report.started_at),
       ended_at = CASE WHEN report.target = 'QUEUED' AND run.cancel_requested_at IS NULL THEN NULL ELSE report.at END,
       due_at = COALESCE(report.due_at, run.due_at),
       losses = run.losses + CASE WHEN report.reason = 'lost' THEN 1 ELSE 0 END,
       lease = NULL,
       session_id = NULL
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[],
              $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
       AS report (id, lease, target, reason, message, row_count, counts, started_at, at, due_at)
 WHERE run.id = report.id AND run.lease = report.lease AND run.state IN ('CLAIMED', 'RUNNING')
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, report.lease
