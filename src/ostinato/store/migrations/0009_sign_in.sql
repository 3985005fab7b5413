-- People who are on their way to an OpenID provider and back, and what makes forgetting old sessions cheap.

CREATE TABLE pending_sign_in (
    state_digest   bytea PRIMARY KEY,
    browser_digest bytea NOT NULL,
    nonce          text NOT NULL,
    verifier       text NOT NULL,
    return_to      text NOT NULL,
    expires_at     timestamptz NOT NULL
);
COMMENT ON TABLE pending_sign_in IS 'Sign-ins that a provider has been asked for; each is answered once, by the browser that began it.';
COMMENT ON COLUMN pending_sign_in.verifier IS 'What proves to the provider that the code is ours (RFC 7636).';
CREATE INDEX pending_sign_in_expiring ON pending_sign_in (expires_at);

CREATE INDEX credential_fleeting ON credential (expires_at) WHERE kind IN ('session', 'access_token');
