-- Why runs are not at work, as facts: what holds each, which runs are in its way, and how many wait for the same and go first.
-- Of runs that the viewer may not see there are counts and no numbers. Every list is cut, so that a look costs the same
-- whatever waits: the position in a queue is counted up to 100. Which servers live is told by the database's clock.
WITH waiting AS MATERIALIZED (
    SELECT run.id,
           CASE WHEN run.state = 'CLAIMED' OR run.hold IN ('due', 'paused') THEN NULL
                WHEN run.hold IS NOT NULL THEN run.hold
                WHEN run.graph_id IS NULL THEN 'worker' END AS queue,
           CASE run.hold WHEN 'task' THEN run.task_id WHEN 'plan' THEN run.plan_id WHEN 'pool' THEN run.pool_id END AS queue_id
      FROM run
     WHERE run.id = ANY($1::bigint[]) AND run.state IN ('QUEUED', 'CLAIMED')
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                      AND 'VIEW' = ANY(access.permissions))
), server AS MATERIALIZED (
    SELECT count(*) AS number, COALESCE(sum(slots), 0) AS slots FROM server_session WHERE alive_until > now()
), queue AS MATERIALIZED (
    SELECT kind.queue, kind.members, in_the_way.number, in_the_way.oldest, front.runs
      FROM (SELECT queue, queue_id, array_agg(id) AS members FROM waiting GROUP BY queue, queue_id) AS kind
     CROSS JOIN LATERAL (
               SELECT count(*) AS number, (array_agg(at_work.id ORDER BY at_work.lease, at_work.id))[1] AS oldest
                 FROM (SELECT id, lease FROM run
                        WHERE kind.queue = 'task' AND task_id = kind.queue_id AND state IN ('CLAIMED', 'RUNNING')
                        UNION ALL
                       SELECT id, lease FROM run
                        WHERE kind.queue = 'plan' AND plan_id = kind.queue_id AND state IN ('CLAIMED', 'RUNNING')
                        UNION ALL
                       SELECT id, lease FROM run
                        WHERE kind.queue = 'pool' AND pool_id = kind.queue_id AND pool_slot IS NOT NULL
                          AND state IN ('CLAIMED', 'RUNNING')
                        UNION ALL
                       SELECT run.id, run.lease
                         FROM server_session
                         JOIN run ON run.session_id = server_session.id
                        WHERE kind.queue = 'worker' AND server_session.alive_until > now()
                          AND run.state IN ('CLAIMED', 'RUNNING') AND run.graph_id IS NULL) AS at_work) AS in_the_way
     CROSS JOIN LATERAL (
               SELECT array_agg(first.id ORDER BY first.priority DESC, first.id) AS runs
                 FROM ((SELECT id, priority FROM run
                         WHERE kind.queue = 'task' AND task_id = kind.queue_id AND state = 'QUEUED' AND hold = 'task'
                         ORDER BY priority DESC, id
                         LIMIT 100)
                        UNION ALL
                       (SELECT id, priority FROM run
                         WHERE kind.queue = 'plan' AND plan_id = kind.queue_id AND state = 'QUEUED' AND hold = 'plan'
                         ORDER BY priority DESC, id
                         LIMIT 100)
                        UNION ALL
                       (SELECT id, priority FROM run
                         WHERE kind.queue = 'pool' AND pool_id = kind.queue_id AND state = 'QUEUED' AND hold = 'pool'
                         ORDER BY priority DESC, id
                         LIMIT 100)
                        UNION ALL
                       (SELECT id, priority FROM run
                         WHERE kind.queue = 'worker' AND state = 'QUEUED' AND hold IS NULL AND graph_id IS NULL
                         ORDER BY priority DESC, id
                         LIMIT 100)) AS first) AS front
), known AS MATERIALIZED (
    SELECT queue.*,
           (SELECT run.id
              FROM run
             WHERE run.id = queue.oldest
               AND EXISTS (SELECT FROM workspace_access AS access
                            WHERE access.workspace_id = run.workspace_id AND access.subject_id = $2
                              AND 'VIEW' = ANY(access.permissions))) AS seen
      FROM queue
)
SELECT run.id AS run, CASE WHEN run.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind, run.state, run.hold,
       run.graph_id IS NULL AS needs_worker, run.attempt, run.due_at, run.cancel_requested_at IS NOT NULL AS cancelling,
       server.number AS servers, known.number AS at_work, known.seen AS oldest,
       CASE WHEN run.hold = 'pool' THEN pool.slots ELSE server.slots END AS slots,
       CASE WHEN known.queue IS NULL THEN 0 ELSE COALESCE(array_position(known.runs, run.id) - 1, 100) END AS ahead,
       pool.name AS pool, COALESCE(task.paused_at, plan.paused_at) AS paused_at,
       COALESCE(task.paused_by, plan.paused_by) AS paused_by, COALESCE(task.pause_note, plan.pause_note) AS pause_note
  FROM known
 CROSS JOIN server
 CROSS JOIN LATERAL unnest(known.members) AS member (id)
  JOIN run ON run.id = member.id
  LEFT JOIN pool ON pool.id = run.pool_id
  LEFT JOIN task_ever AS task ON task.id = run.task_id
  LEFT JOIN plan_ever AS plan ON plan.id = run.plan_id
