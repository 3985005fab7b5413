-- Artifacts: work that comes packed, in versions; what tasks use of it, and which version a run at work has.

CREATE TABLE artifact (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text NOT NULL CHECK (name <> ''),
    type         text NOT NULL CHECK (type IN ('python', 'command', 'sql', 'talend_job')),
    created_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, name)
);
COMMENT ON TABLE artifact IS 'Work that comes packed in a zip; all its versions are of one type.';

CREATE TABLE artifact_version (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    artifact_id  bigint NOT NULL REFERENCES artifact,
    version      text NOT NULL CHECK (version <> '' AND version <> 'latest'),
    digest       bytea NOT NULL CHECK (length(digest) = 32),
    size         bigint NOT NULL CHECK (size > 0),
    entry        jsonb NOT NULL,
    parameters   jsonb NOT NULL DEFAULT '[]',
    description  text,
    published_by bigint NOT NULL REFERENCES app_user,
    published_at timestamptz NOT NULL,
    UNIQUE (artifact_id, version)
);
COMMENT ON TABLE artifact_version IS 'Immutable; of two versions the one with the higher id was published later.';
COMMENT ON COLUMN artifact_version.digest IS 'SHA-256 of the zip, under which the object store has it once, however many versions have it.';
COMMENT ON COLUMN artifact_version.parameters IS 'What it declares, in its own order: name, type, default, required, comment.';
CREATE INDEX artifact_version_newest ON artifact_version (artifact_id, id DESC);
CREATE INDEX artifact_version_digest ON artifact_version (digest);

CREATE TABLE task_artifact (
    task_id     bigint PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    artifact_id bigint NOT NULL REFERENCES artifact,
    version_id  bigint REFERENCES artifact_version
);
COMMENT ON TABLE task_artifact IS 'What the config of a task names; without a version the newest at the start of each run.';
CREATE INDEX task_artifact_artifact ON task_artifact (artifact_id);
CREATE INDEX task_artifact_version ON task_artifact (version_id) WHERE version_id IS NOT NULL;

CREATE TABLE run_artifact (
    run_id     bigint PRIMARY KEY,
    version_id bigint NOT NULL REFERENCES artifact_version ON DELETE CASCADE
);
COMMENT ON TABLE run_artifact IS 'The version that a run began with: further attempts have the same, and it is not deleted meanwhile. Forgotten soon after the run.';
CREATE INDEX run_artifact_version ON run_artifact (version_id);
