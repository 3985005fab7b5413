-- The versions of an artifact, the newest first, held while it is found out whether they may go.
SELECT id, version, encode(digest, 'hex') AS digest
  FROM artifact_version
 WHERE artifact_id = $1
 ORDER BY id DESC
   FOR UPDATE
