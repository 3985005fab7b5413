-- A credential stops working at once, and every access token that was given for it; one that was deleted before is not touched.
WITH gone AS (
    UPDATE credential
       SET deleted_at = $2
     WHERE id = $1 AND deleted_at IS NULL
    RETURNING id
), tokens AS (
    UPDATE credential
       SET deleted_at = $2
      FROM gone
     WHERE credential.issued_by = gone.id AND credential.deleted_at IS NULL
)
SELECT id FROM gone
