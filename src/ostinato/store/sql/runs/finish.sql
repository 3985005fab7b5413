-- Workers report how attempts ended; each ends its run or puts it back into the queue for another try.
-- Only the holder of the lease is heard, and only once: the first report takes the lease away.
UPDATE run
   SET state = CASE WHEN run.cancel_reason IS NULL OR report.target NOT IN ('QUEUED', 'CANCELLED') THEN report.target
                    WHEN run.cancel_reason = 'timeout' THEN 'FAILED'
                    ELSE 'CANCELLED' END,
       reason = CASE WHEN run.cancel_reason IS NULL OR report.target NOT IN ('QUEUED', 'CANCELLED') THEN report.reason
                     ELSE run.cancel_reason END,
       message = CASE WHEN run.cancel_reason = 'timeout' AND report.target IN ('QUEUED', 'CANCELLED')
                      THEN 'The run took longer than its own timeout'
                      ELSE report.message END,
       hold = CASE WHEN report.target = 'QUEUED' AND run.cancel_reason IS NULL AND report.due_at > $11 THEN 'due' END,
       row_count = report.row_count,
       counts = report.counts,
       started_at = COALESCE(run.started_at, report.started_at),
       ended_at = CASE WHEN report.target = 'QUEUED' AND run.cancel_reason IS NULL THEN NULL ELSE report.at END,
       due_at = COALESCE(report.due_at, run.due_at),
       losses = run.losses + CASE WHEN report.reason = 'lost' THEN 1 ELSE 0 END,
       alone = false,
       pool_slot = NULL,
       ended_lease = run.lease,
       lease = NULL,
       session_id = NULL
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[],
              $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
       AS report (id, lease, target, reason, message, row_count, counts, started_at, at, due_at)
 WHERE run.id = report.id AND run.lease = report.lease AND run.state IN ('CLAIMED', 'RUNNING')
RETURNING run.id AS run, run.state, run.parent_run_id AS parent, run.step, run.handler, report.lease, run.task_id AS task,
          run.plan_id AS plan, run.pool_id AS pool,
          EXISTS (SELECT FROM run AS next WHERE next.task_id = run.task_id AND next.state = 'QUEUED' AND next.hold = 'task')
          OR run.pool_id IS NOT NULL
             AND EXISTS (SELECT FROM run AS next
                          WHERE next.pool_id = run.pool_id AND next.state = 'QUEUED' AND next.hold = 'pool') AS awaited,
          EXISTS (SELECT FROM data_trigger_source AS source WHERE source.task_id = run.task_id OFFSET 0)
          OR EXISTS (SELECT FROM data_trigger AS own WHERE own.task_id = run.task_id OFFSET 0) AS heard
