-- The data folder is held by us alone, so every earlier server on this database is dead.
UPDATE server_session
   SET alive_until = '-infinity'
 WHERE alive_until > '-infinity'
