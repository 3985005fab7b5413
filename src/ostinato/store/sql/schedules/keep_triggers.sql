-- The triggers of a schedule, without a next fire until it is worked out; if so asked, one that says what it said keeps its own.
INSERT INTO schedule_trigger AS own (schedule_id, name, definition, missed, most_missed, grace_s)
SELECT $1, new.name, new.definition, new.missed, new.most_missed, new.grace_s
  FROM unnest($2::text[], $3::jsonb[], $4::text[], $5::integer[], $6::integer[])
       AS new (name, definition, missed, most_missed, grace_s)
    ON CONFLICT (schedule_id, name) DO UPDATE
       SET definition = EXCLUDED.definition, missed = EXCLUDED.missed, most_missed = EXCLUDED.most_missed,
           grace_s = EXCLUDED.grace_s, version = own.version + 1,
           planned_at = CASE WHEN $7 AND own.definition = EXCLUDED.definition THEN own.planned_at END,
           due_at = CASE WHEN $7 AND own.definition = EXCLUDED.definition THEN own.due_at END
RETURNING id, name, definition, missed, most_missed, grace_s, planned_at, due_at, version
