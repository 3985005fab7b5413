-- People who were written down with this address and cannot sign in yet, neither with a password nor through a provider.
SELECT name
  FROM app_user
 WHERE lower(email) = lower($1) AND kind = 'person' AND password_hash IS NULL AND issuer IS NULL
 ORDER BY name
 LIMIT 2
