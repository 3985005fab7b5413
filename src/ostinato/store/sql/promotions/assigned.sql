-- The users and service accounts who are assigned to a promotion.
SELECT app_user.id, app_user.name, app_user.kind
  FROM promotion_user
  JOIN app_user ON app_user.id = promotion_user.user_id
 WHERE promotion_user.promotion_id = $1
 ORDER BY app_user.id
