-- Extensions and ICU, as Debian's PostgreSQL has them; loaded where they exist.
CREATE SCHEMA "ext ""schema";
CREATE EXTENSION hstore WITH SCHEMA "ext ""schema";
CREATE EXTENSION citext;
CREATE EXTENSION btree_gist;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION ltree;
CREATE EXTENSION pg_stat_statements;
CREATE TABLE public.with_extensions (id integer, h "ext ""schema".hstore DEFAULT ''::"ext ""schema".hstore, c citext UNIQUE, path ltree,
    during tsrange, EXCLUDE USING gist (id WITH =, during WITH &&));
CREATE INDEX by_word ON public.with_extensions USING gin ((c::text) gin_trgm_ops);
CREATE FUNCTION public.takes(citext) RETURNS citext LANGUAGE sql IMMUTABLE AS 'SELECT $1';
REVOKE EXECUTE ON FUNCTION public.pg_stat_statements_reset(oid, oid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.pg_stat_statements_reset(oid, oid, bigint) TO corpus_reader;
REVOKE SELECT ON public.pg_stat_statements FROM PUBLIC;
GRANT SELECT ON public.pg_stat_statements TO corpus_writer;
REVOKE EXECUTE ON FUNCTION public.similarity(text, text) FROM PUBLIC;
CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO corpus_writer;
COMMENT ON EXTENSION citext IS 'changed';
COMMENT ON EXTENSION ltree IS NULL;
CREATE COLLATION public.icu (provider = icu, locale = 'und-u-kn', deterministic = false);
CREATE TABLE public.with_icu (a text COLLATE public.icu);
