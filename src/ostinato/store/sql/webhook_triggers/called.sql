-- A webhook trigger whose address was called: calls come one after the other.
SELECT id, active, calls, window_ms, per_minute FROM webhook_trigger WHERE id = $1 FOR NO KEY UPDATE
