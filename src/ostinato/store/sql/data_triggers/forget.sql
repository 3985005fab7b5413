-- Successes that cannot count any more are forgotten: those with another one of the same source that was written down and ended later,
-- those that the newest start that has begun has seen, and those of nobody who waits.
DELETE FROM data_trigger_success AS success
 USING (SELECT held.source_id, held.run_id
          FROM (SELECT unused.source_id, unused.run_id
                  FROM (SELECT one AS success, one.source_id, one.run_id,
                               max(one.ended_at) OVER (PARTITION BY one.source_id
                                                           ORDER BY one.newest_run DESC, one.ended_at DESC, one.run_id DESC
                                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) >= one.ended_at
                               AS outdone
                          FROM data_trigger_success AS one
                         WHERE one.fire IS NULL) AS unused
                  LEFT JOIN data_trigger_source AS source ON source.id = unused.source_id
                  LEFT JOIN data_trigger AS own ON own.id = source.trigger_id AND own.active
                  LEFT JOIN LATERAL last_start(own.task_id, own.plan_id, true) AS last ON true
                 WHERE unused.outdone OR own.id IS NULL
                    OR (last.started_at IS NOT NULL AND NOT is_newer(unused.success, last.run_id, last.started_at))) AS gone
          JOIN data_trigger_success AS held ON held.source_id = gone.source_id AND held.run_id = gone.run_id
           FOR UPDATE OF held SKIP LOCKED) AS gone
 WHERE success.source_id = gone.source_id AND success.run_id = gone.run_id AND success.fire IS NULL
