-- Forget servers that ended long ago and hold nothing any more.
DELETE FROM server_session
 WHERE alive_until < clock_timestamp() AND started_at < $1
   AND NOT EXISTS (SELECT FROM run WHERE run.session_id = server_session.id AND run.state IN ('CLAIMED', 'RUNNING') AND run.graph_id IS NULL)
