-- Lines that attempts wrote, kept only while the attempt holds its lease.
INSERT INTO run_log (run_id, attempt, at, line)
SELECT line.run, run.attempt, line.at, line.text
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[]) WITH ORDINALITY AS line (run, lease, at, text, position)
  JOIN run ON run.id = line.run AND run.lease = line.lease
 ORDER BY line.position
