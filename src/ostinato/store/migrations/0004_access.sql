-- People, groups and service accounts, what they may do, their credentials, and the record of what they did.

CREATE TABLE tenant_role (
    name       text PRIMARY KEY,
    everywhere text[] NOT NULL CHECK (everywhere <@ ARRAY['VIEW', 'EXECUTE', 'AUTHOR', 'PUBLISH', 'MANAGE'])
);
COMMENT ON TABLE tenant_role IS 'Roles in the whole installation, and what they allow in every workspace.';
INSERT INTO tenant_role
VALUES ('ADMINISTRATOR', '{VIEW,EXECUTE,AUTHOR,PUBLISH,MANAGE}'),
       ('SECURITY_ADMINISTRATOR', '{}'),
       ('ENVIRONMENT_MANAGER', '{}'),
       ('OPERATOR', '{VIEW,EXECUTE}'),
       ('AUDITOR', '{VIEW}');

DROP VIEW workspace_access;

ALTER TABLE app_user
    ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service_account')),
    ADD COLUMN full_name text,
    ADD COLUMN email text,
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN password_hash text,
    ADD COLUMN issuer text,
    ADD COLUMN external_id text,
    ADD COLUMN signed_in_at timestamptz,
    ADD UNIQUE (issuer, external_id),
    ADD CONSTRAINT app_user_roles_check CHECK (roles <@ ARRAY['ADMINISTRATOR', 'SECURITY_ADMINISTRATOR', 'ENVIRONMENT_MANAGER', 'OPERATOR', 'AUDITOR']);
COMMENT ON COLUMN app_user.password_hash IS 'argon2id with its own salt and cost.';
COMMENT ON COLUMN app_user.external_id IS 'The subject under which the OpenID provider of this issuer knows the user.';
UPDATE app_user SET roles = '{ADMINISTRATOR}' WHERE administrator;
ALTER TABLE app_user DROP COLUMN administrator;

CREATE TABLE user_group (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name <> ''),
    description text,
    roles       text[] NOT NULL DEFAULT '{}'
                CHECK (roles <@ ARRAY['ADMINISTRATOR', 'SECURITY_ADMINISTRATOR', 'ENVIRONMENT_MANAGER', 'OPERATOR', 'AUDITOR']),
    claim       text UNIQUE,
    created_at  timestamptz NOT NULL
);
COMMENT ON COLUMN user_group.claim IS 'What the OpenID provider calls this group: its members come and go with their sign-ins.';

CREATE TABLE group_member (
    group_id bigint NOT NULL REFERENCES user_group ON DELETE CASCADE,
    user_id  bigint NOT NULL REFERENCES app_user,
    by_claim boolean NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX group_member_group ON group_member (group_id);

ALTER TABLE workspace_grant
    ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN group_id bigint REFERENCES user_group ON DELETE CASCADE,
    ADD CHECK (num_nonnulls(user_id, group_id) = 1),
    DROP CONSTRAINT workspace_grant_user_id_workspace_key_environment_id_key,
    ADD UNIQUE NULLS NOT DISTINCT (user_id, group_id, workspace_key, environment_id);
CREATE INDEX workspace_grant_group ON workspace_grant (group_id) WHERE group_id IS NOT NULL;

ALTER TABLE credential
    DROP CONSTRAINT credential_kind_check,
    ADD CONSTRAINT credential_kind_check CHECK (kind IN ('api_key', 'local', 'token', 'client', 'access_token', 'session')),
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN scopes text[]
        CHECK (scopes <@ ARRAY['VIEW', 'EXECUTE', 'AUTHOR', 'PUBLISH', 'MANAGE', 'PEOPLE', 'ENVIRONMENTS', 'AUDIT']),
    ADD COLUMN workspaces text[],
    ADD COLUMN subject_id bigint UNIQUE,
    ADD COLUMN issued_by bigint REFERENCES credential,
    ADD COLUMN last_address text,
    ADD CHECK ((subject_id IS NULL) = (scopes IS NULL AND workspaces IS NULL));
COMMENT ON COLUMN credential.scopes IS 'What it is limited to; NULL: it may whatever its owner may.';
COMMENT ON COLUMN credential.workspaces IS 'The keys of the workspaces it is limited to; NULL: all.';
COMMENT ON COLUMN credential.subject_id IS 'One that may less than its owner has rights of its own, under a number from the series of the users.';
COMMENT ON COLUMN credential.issued_by IS 'The client whose secret was exchanged for this access token; it works no longer than the client.';
CREATE INDEX credential_owner ON credential (user_id, kind) WHERE deleted_at IS NULL;
CREATE INDEX credential_expiring ON credential (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;

CREATE TABLE credential_secret (
    digest        bytea PRIMARY KEY,
    credential_id bigint NOT NULL REFERENCES credential ON DELETE CASCADE,
    prefix        text NOT NULL,
    suffix        text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz
);
COMMENT ON TABLE credential_secret IS 'Digests of what opens a credential: one, or two while it is being rotated.';
COMMENT ON COLUMN credential_secret.expires_at IS 'When the older of two stops working.';
CREATE INDEX credential_secret_prefix ON credential_secret (prefix);
CREATE INDEX credential_secret_credential ON credential_secret (credential_id);
INSERT INTO credential_secret (digest, credential_id, prefix, suffix, created_at)
SELECT digest, id, prefix, suffix, created_at FROM credential WHERE deleted_at IS NULL;
ALTER TABLE credential DROP COLUMN digest, DROP COLUMN prefix, DROP COLUMN suffix;

CREATE VIEW user_role AS
SELECT app_user.id AS user_id, role
  FROM app_user
 CROSS JOIN LATERAL unnest(app_user.roles) AS role
 UNION
SELECT group_member.user_id, role
  FROM group_member
  JOIN user_group ON user_group.id = group_member.group_id
 CROSS JOIN LATERAL unnest(user_group.roles) AS role;
COMMENT ON VIEW user_role IS 'The roles of users in the whole installation, their own and those of their groups.';

CREATE TABLE subject_access (
    user_id        bigint NOT NULL REFERENCES app_user ON DELETE CASCADE,
    subject_id     bigint NOT NULL,
    workspace_key  text,
    environment_id bigint REFERENCES environment ON DELETE CASCADE,
    permissions    text[] NOT NULL
);
COMMENT ON TABLE subject_access IS 'Who may do what by key of workspace, whether the workspace is there or not yet; NULL: in every workspace, in every environment. Follows from users, groups, roles, grants and limited credentials, and is kept up by their triggers in the same transaction, because every request asks for it.';
COMMENT ON COLUMN subject_access.subject_id IS 'The user, or one of their credentials that may less.';
CREATE INDEX subject_access_subject ON subject_access (subject_id);
CREATE INDEX subject_access_user ON subject_access (user_id);

CREATE FUNCTION renew_access(users bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7300000005);
    PERFORM pg_notify('ostinato', 'access');
    DELETE FROM subject_access WHERE user_id = ANY(users);
    INSERT INTO subject_access
    SELECT subject.user_id, subject.id, place.workspace_key, held.environment_id,
           CASE WHEN subject.scopes IS NULL THEN held.permissions
                ELSE ARRAY(SELECT unnest(held.permissions) INTERSECT SELECT unnest(subject.scopes))
           END
      FROM (SELECT app_user.id AS user_id, app_user.id, NULL::text[] AS scopes, NULL::text[] AS workspaces
              FROM app_user
             WHERE app_user.id = ANY(users) AND app_user.active
             UNION ALL
            SELECT app_user.id, credential.subject_id, credential.scopes, credential.workspaces
              FROM credential
              JOIN app_user ON app_user.id = credential.user_id AND app_user.active
             WHERE credential.user_id = ANY(users) AND credential.subject_id IS NOT NULL AND credential.deleted_at IS NULL) AS subject
      JOIN (SELECT user_role.user_id, NULL::text AS workspace_key, NULL::bigint AS environment_id, tenant_role.everywhere AS permissions
              FROM user_role
              JOIN tenant_role ON tenant_role.name = user_role.role
             WHERE user_role.user_id = ANY(users)
             UNION ALL
            SELECT workspace_grant.user_id, workspace_grant.workspace_key, workspace_grant.environment_id, workspace_grant.permissions
              FROM workspace_grant
             WHERE workspace_grant.user_id = ANY(users)
             UNION ALL
            SELECT group_member.user_id, workspace_grant.workspace_key, workspace_grant.environment_id, workspace_grant.permissions
              FROM group_member
              JOIN workspace_grant ON workspace_grant.group_id = group_member.group_id
             WHERE group_member.user_id = ANY(users)) AS held ON held.user_id = subject.user_id
     CROSS JOIN LATERAL (
               SELECT held.workspace_key
                WHERE subject.workspaces IS NULL
                UNION ALL
               SELECT key
                 FROM unnest(subject.workspaces) AS key
                WHERE held.workspace_key IS NULL OR held.workspace_key = key) AS place
     WHERE held.permissions <> '{}';
END $$;
COMMENT ON FUNCTION renew_access(bigint[]) IS 'Works out anew what these users may do. One transaction at a time: two that change the rights of one user must not each overlook what the other does. Whoever will change rights takes the lock (users/lock) before anything else.';

CREATE FUNCTION access_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one record := COALESCE(NEW, OLD);
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'app_user' THEN
            PERFORM renew_access(ARRAY[one.id]);
        WHEN 'credential' THEN
            PERFORM renew_access(ARRAY[one.user_id]);
        WHEN 'user_group' THEN
            PERFORM renew_access(ARRAY(SELECT user_id FROM group_member WHERE group_id = one.id));
        ELSE
            PERFORM renew_access(ARRAY(SELECT one.user_id WHERE one.user_id IS NOT NULL
                                        UNION ALL
                                       SELECT user_id FROM group_member WHERE group_id = one.group_id));
    END CASE;
    RETURN NULL;
END $$;
CREATE FUNCTION members_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM renew_access(ARRAY(SELECT user_id FROM changed));
    RETURN NULL;
END $$;
CREATE TRIGGER access_of_user AFTER INSERT OR UPDATE OF active, roles ON app_user
    FOR EACH ROW EXECUTE FUNCTION access_changes();
CREATE TRIGGER access_of_credential AFTER INSERT OR UPDATE OF deleted_at ON credential
    FOR EACH ROW WHEN (NEW.subject_id IS NOT NULL) EXECUTE FUNCTION access_changes();
CREATE TRIGGER access_of_group AFTER UPDATE OF roles ON user_group
    FOR EACH ROW EXECUTE FUNCTION access_changes();
CREATE TRIGGER access_of_grant AFTER INSERT OR UPDATE OR DELETE ON workspace_grant
    FOR EACH ROW EXECUTE FUNCTION access_changes();
CREATE TRIGGER access_of_new_members AFTER INSERT ON group_member
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_change();
CREATE TRIGGER access_of_old_members AFTER DELETE ON group_member
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_change();
SELECT renew_access(ARRAY(SELECT id FROM app_user));

CREATE FUNCTION tell_of_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('ostinato', 'access');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION tell_of_keys() IS 'Servers forget what they know of keys when one is taken back.';
CREATE TRIGGER keys_are_taken_back AFTER UPDATE OF deleted_at, expires_at ON credential
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_keys();
CREATE TRIGGER secrets_are_taken_back AFTER UPDATE OR DELETE ON credential_secret
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_keys();

CREATE VIEW workspace_access AS
SELECT workspace.id AS workspace_id, held.subject_id, held.permissions
  FROM workspace
  JOIN subject_access AS held
    ON (held.workspace_key IS NULL OR held.workspace_key = workspace.key)
   AND (held.environment_id IS NULL OR held.environment_id = workspace.environment_id);
COMMENT ON VIEW workspace_access IS 'Who may do what where: every statement that reads or changes for somebody joins it.';

CREATE TABLE audit (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL,
    actor         text NOT NULL,
    user_id       bigint,
    credential_id bigint,
    address       text,
    trace         text,
    action        text NOT NULL,
    kind          text NOT NULL,
    target        text NOT NULL,
    environment   text,
    workspace     text,
    before        jsonb,
    after         jsonb,
    seal          bigint,
    digest        bytea
);
COMMENT ON TABLE audit IS 'What was changed, by whom, with what and from where, written in the transaction of the change. Names are copied: what they name may be gone.';
COMMENT ON COLUMN audit.seal IS 'Its place in the chain, given a moment after its transaction ended; digest is that of the record before and of this one.';
CREATE INDEX audit_unsealed ON audit (id) WHERE seal IS NULL;
CREATE UNIQUE INDEX audit_seal ON audit (seal) WHERE seal IS NOT NULL;

CREATE FUNCTION audit_text(record audit) RETURNS text LANGUAGE sql STABLE AS $$
SELECT (jsonb_build_object('seal', $1.seal, 'id', $1.id, 'at', to_char($1.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                           'actor', $1.actor, 'userId', $1.user_id, 'credentialId', $1.credential_id, 'address', $1.address,
                           'trace', $1.trace, 'action', $1.action, 'kind', $1.kind, 'target', $1.target,
                           'environment', $1.environment, 'workspace', $1.workspace, 'before', $1.before, 'after', $1.after))::text
$$;
COMMENT ON FUNCTION audit_text(audit) IS 'A record as its digest is taken of.';

CREATE FUNCTION seal_audit(most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    one     audit;
    newest  audit;
    ids     bigint[];
    digests bytea[];
BEGIN
    PERFORM pg_advisory_xact_lock(7300000004);
    SELECT * INTO newest FROM audit WHERE seal IS NOT NULL ORDER BY seal DESC LIMIT 1;
    newest.seal := COALESCE(newest.seal, 0);
    FOR one IN SELECT * FROM audit WHERE seal IS NULL ORDER BY id LIMIT most LOOP
        ids := ids || one.id;
        one.seal := newest.seal + cardinality(ids);
        newest.digest := sha256(COALESCE(newest.digest, '') || convert_to(audit_text(one), 'UTF8'));
        digests := digests || newest.digest;
    END LOOP;
    UPDATE audit
       SET seal = newest.seal + chained.place, digest = chained.digest
      FROM unnest(ids, digests) WITH ORDINALITY AS chained (id, digest, place)
     WHERE audit.id = chained.id;
    RETURN COALESCE(cardinality(ids), 0);
END $$;
COMMENT ON FUNCTION seal_audit(bigint) IS 'Chains the records whose transactions have ended, at most so many; how many there were.';

CREATE FUNCTION broken_seal() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    one    audit;
    number bigint := 0;
    last   bytea := '';
BEGIN
    FOR one IN SELECT * FROM audit WHERE seal IS NOT NULL ORDER BY seal LOOP
        number := number + 1;
        IF one.seal <> number OR one.digest <> sha256(last || convert_to(audit_text(one), 'UTF8')) THEN
            RETURN number;
        END IF;
        last := one.digest;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION broken_seal() IS 'The first place in the chain whose record is missing or not as it was; NULL: there is none.';

CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL THEN
        IF (to_jsonb(NEW) - 'seal' - 'digest') = (to_jsonb(OLD) - 'seal' - 'digest') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what was recorded is not changed';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

ALTER TABLE run
    DROP CONSTRAINT run_cause_check,
    ADD CONSTRAINT run_cause_check CHECK (cause IN ('api', 'manual', 'plan', 'schedule'));
