-- Somebody may carry out a promotion from now on, if they may not already.
INSERT INTO promotion_user (promotion_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING user_id
