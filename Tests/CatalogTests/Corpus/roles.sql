-- Roles are shared by a cluster's databases: created once.
CREATE ROLE corpus_owner;
CREATE ROLE corpus_reader NOLOGIN CONNECTION LIMIT 3;
CREATE ROLE corpus_writer LOGIN PASSWORD 'never-to-be-seen' VALID UNTIL '2030-01-01 00:00:00+00' IN ROLE corpus_reader;
CREATE ROLE corpus_admin CREATEDB CREATEROLE;
CREATE ROLE "corpus ""odd"" role's = / ☃" NOINHERIT;
COMMENT ON ROLE corpus_owner IS 'owns';
ALTER ROLE corpus_reader SET search_path = shop, "$user", "odd, name";
ALTER ROLE corpus_reader SET work_mem = '7MB';
GRANT corpus_reader TO pg_monitor;
GRANT SET ON PARAMETER log_statement TO corpus_writer;
GRANT SET, ALTER SYSTEM ON PARAMETER my.custom TO corpus_admin WITH GRANT OPTION;
