-- Remove workspaces with everything in them; the digests of what they had in the object store.
SELECT encode(digest, 'hex') AS digest FROM remove_workspaces($1::bigint[])
