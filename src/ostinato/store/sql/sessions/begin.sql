-- A server begins its life; what it claims from now on is held under this session. Lives are told by the database's clock.
INSERT INTO server_session (host, pid, slots, started_at, alive_until)
VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval)
RETURNING id AS session, clock_timestamp() AS now, 0::bigint AS others
