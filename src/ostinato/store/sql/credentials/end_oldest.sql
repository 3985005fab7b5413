-- Of what is given out for a while, a user keeps so many of the newest: whoever always asks for more ends their own oldest.
UPDATE credential
   SET deleted_at = $4
 WHERE id IN (SELECT id
                FROM credential
               WHERE user_id = $1 AND kind = $2 AND deleted_at IS NULL AND expires_at > $4
               ORDER BY id DESC
              OFFSET $3)
