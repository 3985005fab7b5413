-- Plans, and tasks that consist of steps, that are ready begin: they need no worker. One that is paused, or that must not
-- run beside another run of the same, is held instead. The candidates are an array, so that the planner expects few of
-- them however many there are, and looks each of them up; OFFSET 0 keeps it from reading all runs at work beforehand.
-- A run that was made while its plan was deleted is worked off.
WITH candidate AS MATERIALIZED (
    SELECT id, task_id, plan_id, priority, is_inside(parent_run_id, task_id, plan_id) AS inside
      FROM run
     WHERE id = ANY(ARRAY(
               SELECT id
                 FROM run
                WHERE state = 'QUEUED' AND hold IS NULL AND graph_id IS NOT NULL
                ORDER BY id
                LIMIT $2
                  FOR UPDATE SKIP LOCKED))
), judged AS MATERIALIZED (
    SELECT candidate.id, COALESCE(task.overlap, plan.overlap) <> 'parallel' AND NOT candidate.inside AS alone,
           CASE WHEN COALESCE(task.paused_at, plan.paused_at) IS NOT NULL THEN 'paused'
                WHEN COALESCE(task.overlap, plan.overlap) <> 'parallel' AND NOT candidate.inside
                     AND (row_number() OVER (PARTITION BY candidate.task_id, candidate.plan_id
                                             ORDER BY candidate.priority DESC, candidate.id) > 1
                          OR EXISTS (SELECT FROM run AS other
                                      WHERE other.task_id = candidate.task_id AND other.state IN ('CLAIMED', 'RUNNING') OFFSET 0)
                          OR EXISTS (SELECT FROM run AS other
                                      WHERE other.plan_id = candidate.plan_id AND other.state IN ('CLAIMED', 'RUNNING') OFFSET 0))
                THEN CASE WHEN candidate.plan_id IS NULL THEN 'task' ELSE 'plan' END END AS hold
      FROM candidate
      LEFT JOIN task_ever AS task ON task.id = candidate.task_id
      LEFT JOIN plan_ever AS plan ON plan.id = candidate.plan_id
     WHERE task.id IS NOT NULL OR plan.id IS NOT NULL
)
UPDATE run
   SET state = CASE WHEN judged.hold IS NULL THEN 'RUNNING' ELSE 'QUEUED' END,
       hold = judged.hold,
       alone = judged.alone AND judged.hold IS NULL,
       attempt = run.attempt + CASE WHEN judged.hold IS NULL THEN 1 ELSE 0 END,
       reason = CASE WHEN judged.hold IS NULL THEN NULL ELSE run.reason END,
       message = CASE WHEN judged.hold IS NULL THEN NULL ELSE run.message END,
       started_at = CASE WHEN judged.hold IS NULL THEN COALESCE(run.started_at, $1) ELSE run.started_at END,
       active_steps = 0,
       failed_steps = 0
  FROM judged
 WHERE run.id = judged.id AND run.state = 'QUEUED'
RETURNING run.id AS run, run.state, run.graph_id AS graph, run.attempt, run.rerun_of, run.rerun_part, run.rerun_step
