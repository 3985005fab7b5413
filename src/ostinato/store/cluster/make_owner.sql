-- A login that owns the database of its name and reaches no other; its password comes through the environment.
\getenv password NEW_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name')
\gexec
ALTER ROLE :"name" PASSWORD :'password';
ALTER DATABASE :"name" OWNER TO :"name";
