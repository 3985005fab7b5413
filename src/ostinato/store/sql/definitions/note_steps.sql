-- What the steps of these plans run, and which comes after which, is written down anew.
SELECT note_steps($1::bigint[])
