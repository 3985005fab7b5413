-- What has become of the window of a call.
SELECT id AS window, calls, closed, due_at, run_id AS run, misfired FROM webhook_window WHERE id = $1
