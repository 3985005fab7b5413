-- What was changed, by whom, with what and from where.
INSERT INTO audit (at, actor, user_id, credential_id, address, trace, action, kind, target, environment, workspace, before, after)
SELECT $1, $2, $3, $4, $5, $6, entry.*
  FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[], $13::jsonb[]) AS entry
