-- The rows that checks found, replacing those of an earlier attempt of the same run (deleted before).
INSERT INTO finding (run_id, position, kind, row)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::json[])
