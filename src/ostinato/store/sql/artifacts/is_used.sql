-- Whether any version has the content of a digest.
SELECT EXISTS (SELECT FROM artifact_version WHERE digest = decode($1, 'hex'))
