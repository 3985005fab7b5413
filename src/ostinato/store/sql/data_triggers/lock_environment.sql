-- Data triggers of an environment are saved one after the other, so that two cannot close a ring together.
SELECT id FROM environment WHERE id = $1 FOR NO KEY UPDATE
