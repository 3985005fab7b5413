-- A page of the projects that somebody owns or may work on, or of all, the newest first; how many there are in all.
WITH found AS MATERIALIZED (
    SELECT project.id
      FROM project
     WHERE ($2 OR project.owner_id = $1::bigint
               OR EXISTS (SELECT FROM project_user WHERE project_id = project.id AND user_id = $1)
               OR EXISTS (SELECT
                            FROM project_group
                            JOIN group_member ON group_member.group_id = project_group.group_id
                           WHERE project_group.project_id = project.id AND group_member.user_id = $1))
       AND ($3::bigint IS NULL OR project.id = $3)
       AND ($4::text IS NULL OR strpos(lower(project.name), lower($4)) > 0)
), page AS (
    SELECT project.id, project.name, project.label, project.description, project.url, author.name AS author,
           owner.name AS owner, project.owner_id, project.created_at, project.changed_at
      FROM (SELECT id FROM found ORDER BY id DESC LIMIT $5 OFFSET $6) AS chosen
      JOIN project ON project.id = chosen.id
      JOIN app_user AS owner ON owner.id = project.owner_id
      JOIN app_user AS author ON author.id = project.author_id
)
SELECT (SELECT count(*) FROM found) AS total,
       COALESCE((SELECT jsonb_agg(to_jsonb(page) ORDER BY page.id DESC) FROM page), '[]') AS items
