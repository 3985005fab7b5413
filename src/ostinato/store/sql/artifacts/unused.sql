-- Of these digests, the ones that no version of an artifact and no resource has.
SELECT given.digest
  FROM unnest($1::text[]) AS given (digest)
 WHERE NOT EXISTS (SELECT FROM artifact_version WHERE artifact_version.digest = decode(given.digest, 'hex'))
   AND NOT EXISTS (SELECT FROM resource WHERE resource.digest = decode(given.digest, 'hex'))
