-- Workers report that they began; a report under an old lease changes nothing.
UPDATE run
   SET state = 'RUNNING',
       started_at = COALESCE(run.started_at, report.at)
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS report (id, lease, at)
 WHERE run.id = report.id AND run.lease = report.lease AND run.state = 'CLAIMED'
