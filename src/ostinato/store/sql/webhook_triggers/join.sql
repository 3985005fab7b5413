-- A call joins the open window, if there is one with room for it; the window closes with its last call.
UPDATE webhook_window
   SET calls = calls + 1,
       size = size + $2,
       closed = calls + 1 >= $4,
       due_at = CASE WHEN calls + 1 >= $4 THEN $5 ELSE due_at END
 WHERE trigger_id = $1 AND NOT closed AND size + $2 <= $3
RETURNING id, calls, closed, due_at
