-- The runs of a plan that were started by themselves, the newest first, live or kept; whoever asks has seen that the viewer may.
SELECT run.id AS run, run.kept_on, run.state, run.cause, run.queued_at, run.ended_at
  FROM find_plan_runs($1, $2, $3, $4, $5, $6, $7, $8::bigint + $9::bigint) AS run
 ORDER BY run.id DESC
 LIMIT $8 OFFSET $9
