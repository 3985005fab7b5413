-- Reports that came after the lease of their attempt was taken back: they change nothing, and the log says so. A report
-- that was applied already and is told again is not late.
INSERT INTO run_log (run_id, seq, attempt, at, line)
SELECT run.id,
       GREATEST((SELECT max(written.seq) FROM run_log AS written WHERE written.run_id = run.id), (run.attempt + run.given_back) * 1000000000::bigint) + 1,
       run.attempt, $5, 'Attempt ' || late.attempt || ' reported its end (' || late.text || ') after it was taken back: this changes nothing'
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[]) AS late (run, lease, attempt, text)
  JOIN run ON run.id = late.run AND run.ended_lease IS DISTINCT FROM late.lease AND run.lease IS DISTINCT FROM late.lease
    ON CONFLICT (run_id, seq) DO NOTHING
