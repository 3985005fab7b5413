-- The promotions that somebody is assigned to, or all of them if they manage environments, the newest first; one if its id is given.
SELECT promotion.id, source.name || ' to ' || target.name AS name, promotion.description, to_jsonb(source) AS source,
       to_jsonb(target) AS target
  FROM promotion
  JOIN environment_described AS source ON source.id = promotion.source_id
  JOIN environment_described AS target ON target.id = promotion.target_id
 WHERE ($2 OR EXISTS (SELECT FROM promotion_user WHERE promotion_id = promotion.id AND user_id = $1::bigint))
   AND ($3::bigint IS NULL OR promotion.id = $3)
 ORDER BY promotion.id DESC
