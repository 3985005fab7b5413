-- Which version a run began with is of no use once it has ended.
DELETE FROM run_artifact
 WHERE NOT EXISTS (SELECT FROM run WHERE run.id = run_artifact.run_id AND run.ended_at IS NULL)
