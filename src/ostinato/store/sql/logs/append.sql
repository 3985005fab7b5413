-- Lines that attempts wrote, kept only while the attempt holds its lease, and once however often they are told. There is
-- room between them for what the engine has to say meanwhile.
INSERT INTO run_log (run_id, seq, attempt, at, line)
SELECT line.run, (run.attempt + run.given_back) * 1000000000::bigint + line.number * 4, run.attempt, line.at, line.text
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::integer[]) WITH ORDINALITY
       AS line (run, lease, at, text, number, position)
  JOIN run ON run.id = line.run AND run.lease = line.lease
 ORDER BY line.position
    ON CONFLICT (run_id, seq) DO NOTHING
