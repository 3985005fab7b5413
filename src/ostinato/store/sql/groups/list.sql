-- Groups with their members, one by name or all.
SELECT user_group.id, user_group.name, user_group.description, user_group.roles, user_group.claim, user_group.created_at,
       ARRAY(SELECT app_user.name
               FROM group_member
               JOIN app_user ON app_user.id = group_member.user_id
              WHERE group_member.group_id = user_group.id
              ORDER BY app_user.name) AS members
  FROM user_group
 WHERE $1::text IS NULL OR user_group.name = $1
 ORDER BY user_group.name
 LIMIT $2 OFFSET $3
