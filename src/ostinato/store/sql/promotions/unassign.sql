-- Somebody may not carry out a promotion any more.
DELETE FROM promotion_user WHERE promotion_id = $1 AND user_id = $2 RETURNING user_id
