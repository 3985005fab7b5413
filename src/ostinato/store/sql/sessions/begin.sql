-- A server begins its life; what it claims from now on is held under this session.
INSERT INTO server_session (host, pid, started_at, alive_until)
VALUES ($1, $2, $3, $4)
RETURNING id
