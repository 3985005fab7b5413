-- A group has these members; those that a provider put there stay.
WITH wanted AS (
    SELECT id FROM app_user WHERE name = ANY($2::text[])
), gone AS (
    DELETE FROM group_member WHERE group_id = $1 AND NOT by_claim AND user_id NOT IN (SELECT id FROM wanted)
)
INSERT INTO group_member (group_id, user_id)
SELECT $1, id FROM wanted
ON CONFLICT DO NOTHING
