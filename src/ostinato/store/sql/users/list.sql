-- Users with their groups: one by name, those of a kind, or those whose name or address has a text in it.
SELECT app_user.id, app_user.name, app_user.kind, app_user.full_name, app_user.email, app_user.active, app_user.roles,
       app_user.password_hash IS NOT NULL AS has_password, app_user.issuer,
       ARRAY(SELECT user_group.name
               FROM group_member
               JOIN user_group ON user_group.id = group_member.group_id
              WHERE group_member.user_id = app_user.id
              ORDER BY user_group.name) AS groups,
       app_user.created_at, app_user.signed_in_at
  FROM app_user
 WHERE ($1::text IS NULL OR app_user.name = $1) AND ($2::text IS NULL OR app_user.kind = $2)
   AND ($3::text IS NULL OR strpos(lower(concat_ws(' ', app_user.name, app_user.full_name, app_user.email)), lower($3)) > 0)
 ORDER BY app_user.name
 LIMIT $4 OFFSET $5
