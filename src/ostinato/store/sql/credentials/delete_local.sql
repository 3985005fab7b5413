-- The key of the command line of one data folder is replaced at every start of its server; other servers keep theirs.
UPDATE credential
   SET deleted_at = $3
 WHERE user_id = $1 AND kind = 'local' AND deleted_at IS NULL
   AND id = (SELECT credential_id FROM credential_secret WHERE digest = $2)
