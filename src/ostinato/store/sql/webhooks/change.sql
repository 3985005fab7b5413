-- A webhook is changed by somebody; without a new address it keeps the one it has. Once it is active again it tells of what
-- happens from then on, and what was said about its failures is forgotten.
UPDATE webhook
   SET url = COALESCE($2, url),
       shown_url = COALESCE($3, shown_url),
       description = $4,
       events = $5,
       names = $6,
       tasks = $7,
       since = CASE WHEN $8 AND NOT active THEN $9 ELSE since END,
       failing_since = CASE WHEN $8 AND (NOT active OR $2 IS NOT NULL) THEN NULL ELSE failing_since END,
       disabled_reason = CASE WHEN NOT $8 THEN disabled_reason END,
       active = $8,
       changed_at = $9
 WHERE id = $1
