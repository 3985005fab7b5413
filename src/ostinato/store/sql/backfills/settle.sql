-- Runs of backfills that have ended are counted, each once. A backfill that was told so starts nothing after a failure, and one of
-- which nothing is live and nothing is to start ends.
-- OFFSET 0 keeps the planner from reading all runs instead of asking for those few.
WITH over AS (
    UPDATE backfill_fire AS fire
       SET state = ended.state
      FROM (SELECT live.backfill_id, live.place, run.state
              FROM backfill
              JOIN backfill_fire AS live ON live.backfill_id = backfill.id AND live.run_id IS NOT NULL AND live.state IS NULL
             CROSS JOIN LATERAL (SELECT state FROM run WHERE run.id = live.run_id AND run.ended_at IS NOT NULL OFFSET 0) AS run
             WHERE backfill.ended_at IS NULL) AS ended
     WHERE fire.backfill_id = ended.backfill_id AND fire.place = ended.place AND fire.state IS NULL
    RETURNING fire.backfill_id, fire.state
), more AS (
    SELECT backfill_id, count(*) AS ended, count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded,
           count(*) FILTER (WHERE state = 'FAILED') AS failed, count(*) FILTER (WHERE state = 'CANCELLED') AS cancelled
      FROM over
     GROUP BY backfill_id
     ORDER BY backfill_id
)
UPDATE backfill
   SET live = backfill.live - more.ended,
       succeeded = backfill.succeeded + more.succeeded,
       failed = backfill.failed + more.failed,
       cancelled = backfill.cancelled + more.cancelled,
       stopped = CASE WHEN stopped IS NULL AND stop_on_failure AND more.failed > 0
                           AND backfill.live + backfill.succeeded + backfill.failed + backfill.cancelled < total
                      THEN 'failed' ELSE stopped END,
       stopped_at = CASE WHEN stopped IS NULL AND stop_on_failure AND more.failed > 0
                              AND backfill.live + backfill.succeeded + backfill.failed + backfill.cancelled < total
                         THEN $1::timestamptz ELSE stopped_at END,
       waiting = CASE WHEN (stop_on_failure AND more.failed > 0)
                           OR backfill.live + backfill.succeeded + backfill.failed + backfill.cancelled = total
                      THEN NULL ELSE waiting END,
       ended_at = CASE WHEN backfill.live = more.ended
                            AND (stopped IS NOT NULL OR (stop_on_failure AND more.failed > 0)
                                 OR backfill.live + backfill.succeeded + backfill.failed + backfill.cancelled = total)
                       THEN $1::timestamptz END
  FROM more
 WHERE backfill.id = more.backfill_id
RETURNING backfill.id
