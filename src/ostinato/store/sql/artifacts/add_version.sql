-- A version is published; nothing if the artifact has one of this name already.
INSERT INTO artifact_version (artifact_id, version, digest, size, entry, parameters, description, published_by, published_at)
VALUES ($1, $2, decode($3, 'hex'), $4, $5, $6, $7, $8, $9)
    ON CONFLICT (artifact_id, version) DO NOTHING
RETURNING id
