-- A server says that it lives, for all its attempts at once, and learns how many others do. No row: it was given up, its
-- attempts belong to others.
UPDATE server_session
   SET alive_until = clock_timestamp() + $2::interval, slots = $3
 WHERE id = $1 AND alive_until > '-infinity'
RETURNING id AS session, clock_timestamp() AS now,
          (SELECT count(*) FROM server_session AS other WHERE other.id <> $1 AND other.alive_until > clock_timestamp()) AS others
