-- Sessions and access tokens that ended long ago are nobody's business any more; keys stay, as a record of what there was.
WITH old AS (
    SELECT id, subject_id
      FROM credential
     WHERE kind IN ('session', 'access_token') AND expires_at < $1
     ORDER BY expires_at
     LIMIT $2
       FOR UPDATE SKIP LOCKED
), rights AS (
    DELETE FROM subject_access USING old WHERE subject_access.subject_id = old.subject_id
), gone AS (
    DELETE FROM credential USING old WHERE credential.id = old.id RETURNING credential.id
)
SELECT count(*) FROM gone
