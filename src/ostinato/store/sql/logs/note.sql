-- Lines that the engine itself writes into the logs of runs, after whatever is there: why a run is tried again, or was taken back.
INSERT INTO run_log (run_id, seq, attempt, at, line)
SELECT run.id,
       GREATEST((SELECT max(written.seq) FROM run_log AS written WHERE written.run_id = run.id), (run.attempt + run.given_back) * 1000000000::bigint)
       + row_number() OVER (PARTITION BY run.id ORDER BY note.position),
       run.attempt, $2, note.text
  FROM unnest($1::bigint[], $3::text[]) WITH ORDINALITY AS note (run, text, position)
  JOIN run ON run.id = note.run
