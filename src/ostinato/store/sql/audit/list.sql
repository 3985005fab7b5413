-- Records, the newest first before an id, or the oldest first after one.
SELECT audit.id, audit.at, audit.actor, audit.credential_id, audit.address, audit.trace, audit.action, audit.kind, audit.target,
       audit.environment, audit.workspace, audit.before, audit.after, audit.seal, audit.digest, audit_text(audit) AS text
  FROM audit
 WHERE ($1::bigint IS NULL OR audit.id < $1) AND ($2::bigint IS NULL OR audit.id > $2)
   AND ($3::text IS NULL OR audit.actor = $3) AND ($4::text IS NULL OR audit.kind = $4)
   AND ($5::text IS NULL OR audit.target = $5)
   AND ($6::timestamptz IS NULL OR audit.at >= $6) AND ($7::timestamptz IS NULL OR audit.at < $7)
 ORDER BY CASE WHEN $2::bigint IS NULL THEN -audit.id ELSE audit.id END
 LIMIT $8
