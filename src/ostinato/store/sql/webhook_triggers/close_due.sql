-- Windows whose time has come close: no call joins them any more.
UPDATE webhook_window SET closed = true WHERE fired_at IS NULL AND due_at <= $1 AND NOT closed
