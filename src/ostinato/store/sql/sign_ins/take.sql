-- The sign-in that a provider answers, which cannot be answered a second time; only the browser that began it has it.
DELETE FROM pending_sign_in
 WHERE state_digest = $1 AND browser_digest = $2 AND expires_at > $3
RETURNING nonce, verifier, return_to
