-- The partitions that these days of these environments fall into, made unless they are there.
SELECT make_week(environment, monday)
  FROM (SELECT DISTINCT environment, date_trunc('week', kept_on)::date AS monday
          FROM unnest($1::bigint[], $2::date[]) AS wanted (environment, kept_on)
         ORDER BY environment, monday) AS week
