-- Keep a graph once, however many versions share it.
INSERT INTO graph (digest, body)
VALUES ($1, $2)
ON CONFLICT (digest) DO UPDATE SET digest = EXCLUDED.digest
RETURNING id
