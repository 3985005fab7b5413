-- Somebody is sent to the provider; what came back too late is forgotten on the way.
WITH late AS (
    DELETE FROM pending_sign_in WHERE expires_at <= $7
)
INSERT INTO pending_sign_in (state_digest, browser_digest, nonce, verifier, return_to, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
