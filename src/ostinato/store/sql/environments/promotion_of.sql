-- The names of both sides of a promotion that has to do with this environment.
SELECT source.name || ' to ' || target.name
  FROM promotion
  JOIN environment AS source ON source.id = promotion.source_id
  JOIN environment AS target ON target.id = promotion.target_id
 WHERE promotion.source_id = $1 OR promotion.target_id = $1
 LIMIT 1
