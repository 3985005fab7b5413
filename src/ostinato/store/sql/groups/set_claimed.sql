-- The groups that a provider says a user is in, in whatever case it writes them; memberships that were given by hand stay.
WITH wanted AS (
    SELECT id FROM user_group WHERE lower(claim) IN (SELECT lower(said) FROM unnest($2::text[]) AS said)
), gone AS (
    DELETE FROM group_member WHERE user_id = $1 AND by_claim AND group_id NOT IN (SELECT id FROM wanted)
)
INSERT INTO group_member (group_id, user_id, by_claim)
SELECT id, $1, true FROM wanted
ON CONFLICT DO NOTHING
