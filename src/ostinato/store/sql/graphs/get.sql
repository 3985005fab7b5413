-- The steps of one version of a plan; immutable, so they may be remembered for ever.
SELECT body FROM graph WHERE id = $1
