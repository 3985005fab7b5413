-- A list of holidays is this from now on.
INSERT INTO holiday_list (environment_id, name, days, changed_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, name) DO UPDATE SET days = EXCLUDED.days, changed_at = EXCLUDED.changed_at
