-- A database that nobody but the superuser, and whoever is granted it later, can get into.
SELECT format('CREATE DATABASE %I', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')
\gexec
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
