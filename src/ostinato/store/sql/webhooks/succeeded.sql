-- A receiver took what it was sent: it does not fail any more. Nothing is written if it did not.
UPDATE webhook SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL
