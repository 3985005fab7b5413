-- Which PostgreSQL this is, as a number: 180000 for 18.0.
SELECT current_setting('server_version_num')::integer
