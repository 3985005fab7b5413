-- How many active people and service accounts may do everything.
SELECT count(DISTINCT app_user.id)
  FROM app_user
  JOIN user_role ON user_role.user_id = app_user.id AND user_role.role = 'ADMINISTRATOR'
 WHERE app_user.active
