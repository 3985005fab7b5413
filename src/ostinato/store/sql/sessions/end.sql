-- A server ends in good order, or is known to be dead: whatever it still holds is lost at once.
UPDATE server_session
   SET alive_until = '-infinity'
 WHERE id = $1
