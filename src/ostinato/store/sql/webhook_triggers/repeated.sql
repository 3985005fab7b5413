-- A call that came before under the same key.
SELECT call.id, call.window_id AS window FROM webhook_call AS call WHERE call.trigger_id = $1 AND call.key = $2
