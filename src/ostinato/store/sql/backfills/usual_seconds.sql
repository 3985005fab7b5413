-- How long a task or plan usually takes, in seconds: the median of its newest runs that succeeded. NULL: there is none.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', past.ended_at - past.begun_at))
  FROM (SELECT started_at AS begun_at, ended_at FROM find_history($1, $3) WHERE state = 'SUCCEEDED'
         UNION ALL
        SELECT queued_at, ended_at
          FROM find_plan_runs($2, 0, 9223372036854775807, ARRAY['SUCCEEDED'], NULL, NULL, NULL, $3)) AS past
