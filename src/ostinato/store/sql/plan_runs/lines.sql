-- What is in the logs of some runs of a plan and of the runs below them that somebody may see: run by run, until there are so
-- many lines or so many characters; long lines are cut. The line that is one too many tells that there are more.
SELECT root, run, seq, at, text
  FROM (SELECT taken.*, sum(length(text)) OVER (ORDER BY place, run, seq ROWS UNBOUNDED PRECEDING) - length(text) AS before
          FROM (SELECT root.place, root.id AS root, line.run_id AS run, line.seq, line.at, left(line.line, $6) AS text
                  FROM unnest($2::bigint[], $4::date[]) WITH ORDINALITY AS root (id, day, place)
                 CROSS JOIN LATERAL find_tree_log(
                            root.id, $3, root.day,
                            ARRAY(SELECT workspace_id FROM workspace_access
                                   WHERE subject_id = $1 AND 'VIEW' = ANY(permissions)),
                            $5) AS line
                 LIMIT $5) AS taken) AS counted
 WHERE before <= $7
 ORDER BY place, run, seq
