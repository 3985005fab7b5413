-- Sign-ins that were begun and never came back.
DELETE FROM pending_sign_in
 WHERE expires_at <= $1
