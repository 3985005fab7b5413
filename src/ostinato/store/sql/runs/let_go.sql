-- Runs ended or left the work: of what was held because of their tasks, plans and pools, the next may go on.
UPDATE run
   SET hold = NULL
 WHERE id = ANY(ARRAY(
           SELECT next.id
             FROM unnest($1::bigint[]) AS freed (task)
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.task_id = freed.task AND held.state = 'QUEUED' AND held.hold = 'task'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT 1
                                   FOR UPDATE SKIP LOCKED) AS next)
        || ARRAY(
           SELECT next.id
             FROM unnest($2::bigint[]) AS freed (plan)
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.plan_id = freed.plan AND held.state = 'QUEUED' AND held.hold = 'plan'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT 1
                                   FOR UPDATE SKIP LOCKED) AS next)
        || ARRAY(
           SELECT next.id
             FROM unnest($3::bigint[], $4::integer[]) AS freed (pool, slots)
            CROSS JOIN LATERAL (SELECT held.id FROM run AS held
                                 WHERE held.pool_id = freed.pool AND held.state = 'QUEUED' AND held.hold = 'pool'
                                 ORDER BY held.priority DESC, held.id
                                 LIMIT freed.slots
                                   FOR UPDATE SKIP LOCKED) AS next))
RETURNING id AS run, graph_id AS graph
