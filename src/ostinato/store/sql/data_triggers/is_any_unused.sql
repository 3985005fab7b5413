-- Whether there is a success that no fire has used.
SELECT EXISTS (SELECT FROM data_trigger_success WHERE fire IS NULL)
