-- Lines that the engine itself writes into the logs of runs: why a run is tried again, or was taken back.
INSERT INTO run_log (run_id, attempt, at, line)
SELECT run.id, run.attempt, $2, note.text
  FROM unnest($1::bigint[], $3::text[]) AS note (run, text)
  JOIN run ON run.id = note.run
