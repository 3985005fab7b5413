-- Whether any version of an artifact, or any resource, has the content of a digest.
SELECT EXISTS (SELECT FROM artifact_version WHERE digest = decode($1, 'hex'))
    OR EXISTS (SELECT FROM resource WHERE digest = decode($1, 'hex'))
