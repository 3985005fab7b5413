-- Triggers of a schedule that are not among these.
DELETE FROM schedule_trigger WHERE schedule_id = $1 AND name <> ALL($2::text[])
