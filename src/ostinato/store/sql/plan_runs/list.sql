-- The runs of a plan that were started by themselves, the newest first, live or kept; whoever asks has seen that the viewer may.
SELECT run, day, state, cause, queued_at, ended_at
  FROM find_plan_runs($1, $2, $3, $4, $5, $6, $7, $8::bigint + $9::bigint)
 ORDER BY run DESC
 LIMIT $8 OFFSET $9
