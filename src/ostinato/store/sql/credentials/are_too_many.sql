-- Whether a user has more than so many credentials of a kind that work for a while.
SELECT count(*) > $3
  FROM credential
 WHERE user_id = $1 AND kind = $2 AND deleted_at IS NULL AND expires_at > $4
