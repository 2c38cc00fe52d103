-- The rarer kinds.
CREATE SCHEMA kinds;
-- A base type with its functions, a shell that stays one, ranges.
CREATE TYPE kinds.only_shell;
CREATE TYPE kinds.mini;
CREATE FUNCTION kinds.mini_in(cstring, oid, integer) RETURNS kinds.mini LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION kinds.mini_out(kinds.mini) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION kinds.mini_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION kinds.mini_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE TYPE kinds.mini (INPUT = kinds.mini_in, OUTPUT = kinds.mini_out, TYPMOD_IN = kinds.mini_typmod_in,
    TYPMOD_OUT = kinds.mini_typmod_out, INTERNALLENGTH = VARIABLE, STORAGE = extended, DEFAULT = 'it''s', CATEGORY = 'S',
    DELIMITER = ';', COLLATABLE = true);
COMMENT ON TYPE kinds.mini IS 'small';
ALTER TYPE kinds.mini OWNER TO corpus_owner;
REVOKE USAGE ON TYPE kinds.mini FROM PUBLIC;
CREATE TYPE kinds.number;
CREATE FUNCTION kinds.number_in(cstring) RETURNS kinds.number LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION kinds.number_out(kinds.number) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE kinds.number (INPUT = kinds.number_in, OUTPUT = kinds.number_out, LIKE = integer);
CREATE TABLE kinds.uses_types (a kinds.mini(5), b kinds.number, c kinds.mini[]);
CREATE TYPE kinds.plain_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE TYPE kinds.text_range AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops,
    MULTIRANGE_TYPE_NAME = kinds.many_texts);
CREATE TYPE kinds.steps;
CREATE FUNCTION kinds.steps_canonical(kinds.steps) RETURNS kinds.steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE kinds.steps AS RANGE (SUBTYPE = integer, CANONICAL = kinds.steps_canonical);
CREATE TABLE kinds.uses_ranges (r kinds.plain_range, m kinds.many_texts, s kinds.steps);
CREATE VIEW kinds.range_view AS SELECT kinds.plain_range(1, 2) AS r;
-- Operators, families, classes.
CREATE FUNCTION kinds.same(kinds.number, kinds.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION kinds.differs(kinds.number, kinds.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION kinds.less(kinds.number, kinds.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION kinds.more(kinds.number, kinds.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION kinds.order_of(kinds.number, kinds.number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION kinds.hash_of(kinds.number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE FUNCTION kinds.negative(kinds.number) RETURNS kinds.number LANGUAGE internal IMMUTABLE STRICT AS 'int4um';
CREATE OPERATOR kinds.=== (FUNCTION = kinds.same, LEFTARG = kinds.number, RIGHTARG = kinds.number, COMMUTATOR = OPERATOR(kinds.===),
    NEGATOR = OPERATOR(kinds.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR kinds.!== (FUNCTION = kinds.differs, LEFTARG = kinds.number, RIGHTARG = kinds.number, NEGATOR = OPERATOR(kinds.===));
CREATE OPERATOR kinds.<<< (FUNCTION = kinds.less, LEFTARG = kinds.number, RIGHTARG = kinds.number, COMMUTATOR = OPERATOR(kinds.>>>));
CREATE OPERATOR kinds.>>> (FUNCTION = kinds.more, LEFTARG = kinds.number, RIGHTARG = kinds.number, COMMUTATOR = OPERATOR(kinds.<<<));
CREATE OPERATOR kinds.!!! (FUNCTION = kinds.negative, RIGHTARG = kinds.number);
COMMENT ON OPERATOR kinds.=== (kinds.number, kinds.number) IS 'the same';
ALTER OPERATOR kinds.!!! (NONE, kinds.number) OWNER TO corpus_owner;
CREATE OPERATOR CLASS kinds.number_hash DEFAULT FOR TYPE kinds.number USING hash AS OPERATOR 1 kinds.===, FUNCTION 1 kinds.hash_of(kinds.number);
CREATE OPERATOR FAMILY kinds.numbers USING btree;
CREATE OPERATOR CLASS kinds.number_tree FOR TYPE kinds.number USING btree FAMILY kinds.numbers AS
    OPERATOR 1 kinds.<<<, OPERATOR 3 kinds.===, OPERATOR 5 kinds.>>>, FUNCTION 1 kinds.order_of(kinds.number, kinds.number);
CREATE FUNCTION kinds.mixed_order(kinds.number, integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION kinds.mixed_same(kinds.number, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE OPERATOR kinds.=== (FUNCTION = kinds.mixed_same, LEFTARG = kinds.number, RIGHTARG = integer);
ALTER OPERATOR FAMILY kinds.numbers USING btree ADD OPERATOR 3 kinds.=== (kinds.number, integer),
    FUNCTION 1 (kinds.number, integer) kinds.mixed_order(kinds.number, integer);
CREATE OPERATOR FAMILY kinds."empty family" USING gist;
-- Into a family of the server's own, which pg_dump loses.
ALTER OPERATOR FAMILY pg_catalog.integer_ops USING btree ADD OPERATOR 1 kinds.<<< (kinds.number, kinds.number),
    FUNCTION 1 (kinds.number, kinds.number) kinds.order_of(kinds.number, kinds.number);
COMMENT ON OPERATOR FAMILY kinds.numbers USING btree IS 'a family';
COMMENT ON OPERATOR CLASS kinds.number_tree USING btree IS 'a class';
ALTER OPERATOR CLASS kinds.number_tree USING btree OWNER TO corpus_owner;
ALTER OPERATOR FAMILY kinds.numbers USING btree OWNER TO corpus_owner;
CREATE INDEX by_number ON kinds.uses_types (b kinds.number_tree);
-- Aggregates.
CREATE AGGREGATE kinds.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE,
    MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0');
CREATE AGGREGATE kinds.counted(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE kinds.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = SHAREABLE);
CREATE AGGREGATE kinds.place(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
    FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE kinds.least_of(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
COMMENT ON AGGREGATE kinds.counted(*) IS 'counts';
GRANT EXECUTE ON FUNCTION kinds.total(integer) TO corpus_reader;
REVOKE EXECUTE ON FUNCTION kinds.total(integer) FROM PUBLIC;
ALTER AGGREGATE kinds.total(integer) OWNER TO corpus_owner;
CREATE VIEW kinds.aggregated AS SELECT kinds.total(1), kinds.counted(*);
-- Casts, conversions, transforms, languages, access methods, collations.
CREATE FUNCTION kinds.to_text(kinds.number) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''n''';
CREATE CAST (kinds.number AS text) WITH FUNCTION kinds.to_text(kinds.number) AS ASSIGNMENT;
CREATE CAST (integer AS kinds.number) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (kinds.mini AS varchar) WITH INOUT;
-- Between two built-in types.
CREATE CAST (txid_snapshot AS jsonb) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (kinds.number AS text) IS 'cast';
CREATE DEFAULT CONVERSION kinds.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION kinds.latin IS 'converts';
CREATE TRUSTED LANGUAGE "odd ""language" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
COMMENT ON LANGUAGE "odd ""language" IS 'speaks';
REVOKE USAGE ON LANGUAGE "odd ""language" FROM PUBLIC;
CREATE FUNCTION kinds.odd() RETURNS integer LANGUAGE "odd ""language" AS 'BEGIN RETURN 1; END';
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'transforms';
CREATE ACCESS METHOD "odd ""method" TYPE INDEX HANDLER gisthandler;
CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD heap_again IS 'method';
CREATE TABLE kinds.on_method (a integer) USING heap_again;
CREATE MATERIALIZED VIEW kinds.view_on_method USING heap_again AS SELECT 1 AS a;
CREATE COLLATION kinds.plain (provider = libc, locale = 'C');
CREATE COLLATION kinds.split (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
COMMENT ON COLLATION kinds.split IS 'sorts';
CREATE TABLE kinds.collated (a text COLLATE kinds.split);
-- Text search.
CREATE TEXT SEARCH PARSER kinds.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype,
    HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE kinds.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY kinds.dictionary (TEMPLATE = kinds.template, stopwords = 'english', accept = 'false');
CREATE TEXT SEARCH CONFIGURATION kinds.configuration (PARSER = kinds.parser);
ALTER TEXT SEARCH CONFIGURATION kinds.configuration ADD MAPPING FOR asciiword, word WITH kinds.dictionary, english_stem;
ALTER TEXT SEARCH CONFIGURATION kinds.configuration ADD MAPPING FOR email WITH simple;
CREATE TEXT SEARCH CONFIGURATION kinds.copied (COPY = english);
COMMENT ON TEXT SEARCH PARSER kinds.parser IS 'p';
COMMENT ON TEXT SEARCH TEMPLATE kinds.template IS 't';
COMMENT ON TEXT SEARCH DICTIONARY kinds.dictionary IS 'd';
COMMENT ON TEXT SEARCH CONFIGURATION kinds.configuration IS 'c';
ALTER TEXT SEARCH CONFIGURATION kinds.configuration OWNER TO corpus_owner;
CREATE INDEX searched ON kinds.collated USING gin (to_tsvector('kinds.configuration', 'x'::text));
-- Foreign data.
CREATE FOREIGN DATA WRAPPER "odd ""wrapper" OPTIONS (debug 'tr''ue\', "two words" 'x');
COMMENT ON FOREIGN DATA WRAPPER "odd ""wrapper" IS 'wraps';
GRANT USAGE ON FOREIGN DATA WRAPPER "odd ""wrapper" TO corpus_reader;
CREATE SERVER "odd ""server" TYPE 'file''s' VERSION '1' FOREIGN DATA WRAPPER "odd ""wrapper" OPTIONS (host 'a b');
COMMENT ON SERVER "odd ""server" IS 'serves';
ALTER SERVER "odd ""server" OWNER TO corpus_owner;
GRANT USAGE ON FOREIGN SERVER "odd ""server" TO corpus_writer WITH GRANT OPTION;
CREATE USER MAPPING FOR corpus_reader SERVER "odd ""server" OPTIONS ("user" 'u''', password 'p\w');
CREATE USER MAPPING FOR PUBLIC SERVER "odd ""server";
CREATE FOREIGN TABLE kinds.far (a integer OPTIONS (column_name 'A''', lines E'one\n    two') NOT NULL DEFAULT 3, b text COLLATE "C", CONSTRAINT a_positive CHECK (a > 0))
    SERVER "odd ""server" OPTIONS (file '/tmp/''x');
COMMENT ON FOREIGN TABLE kinds.far IS 'far away';
COMMENT ON COLUMN kinds.far.a IS 'far a';
ALTER FOREIGN TABLE kinds.far ALTER COLUMN a SET STATISTICS 100;
GRANT SELECT ON kinds.far TO corpus_reader;
ALTER FOREIGN TABLE kinds.far OWNER TO corpus_owner;
CREATE TABLE kinds.near (a integer, b text) PARTITION BY LIST (a);
CREATE FOREIGN TABLE kinds.near_1 PARTITION OF kinds.near FOR VALUES IN (1) SERVER "odd ""server";
-- Statistics, publications, event triggers.
CREATE STATISTICS kinds.related (ndistinct, dependencies) ON a, b FROM kinds.near;
CREATE STATISTICS kinds.expressed ON (a + 1), lower(b) FROM kinds.near;
ALTER STATISTICS kinds.related SET STATISTICS 90;
ALTER STATISTICS kinds.related OWNER TO corpus_owner;
COMMENT ON STATISTICS kinds.related IS 's';
CREATE PUBLICATION "pub ""odd" FOR TABLE kinds.uses_types (a, b), shop.customer (id, name) WHERE (id > 3) WITH (publish = 'insert');
CREATE PUBLICATION pub_all FOR ALL TABLES WITH (publish_via_partition_root);
CREATE PUBLICATION pub_schema FOR TABLES IN SCHEMA kinds, audit;
COMMENT ON PUBLICATION pub_all IS 'all';
ALTER PUBLICATION "pub ""odd" OWNER TO corpus_admin;
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere dbname=x user=u password=hidden-thing' PUBLICATION p1, "p ""2"
    WITH (connect = false, slot_name = NONE, binary = true);
COMMENT ON SUBSCRIPTION sub IS 'subscribes';
CREATE FUNCTION kinds.on_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER "ev ""odd" ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION kinds.on_event();
CREATE EVENT TRIGGER ev_off ON sql_drop EXECUTE FUNCTION kinds.on_event();
ALTER EVENT TRIGGER ev_off DISABLE;
COMMENT ON EVENT TRIGGER ev_off IS 'off';
-- Changed privileges of what came with the server.
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO corpus_reader;
GRANT SELECT ON pg_catalog.pg_authid TO corpus_admin;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT SELECT (rolname, rolsuper) ON pg_catalog.pg_authid TO corpus_reader;
GRANT SELECT (prosrc) ON pg_catalog.pg_proc TO corpus_reader;
ALTER FUNCTION kinds.on_event() DEPENDS ON EXTENSION plpgsql;
-- A sequence that is logged otherwise than its table.
CREATE TABLE kinds.logged (a integer GENERATED ALWAYS AS IDENTITY);
ALTER SEQUENCE kinds.logged_a_seq SET UNLOGGED;
CREATE UNLOGGED TABLE kinds.unlogged (a integer GENERATED BY DEFAULT AS IDENTITY);
ALTER SEQUENCE kinds.unlogged_a_seq SET LOGGED;
-- A rule with the name of a view's own, on a table.
CREATE TABLE public.ruled (a integer);
CREATE RULE later_renamed AS ON INSERT TO public.ruled DO ALSO NOTIFY ruled;
ALTER RULE later_renamed ON public.ruled RENAME TO "_RETURN";

-- A rule for replicas, and a key with options that is checked at the end of a transaction.
CREATE TABLE public.at_the_end (a integer, CONSTRAINT late_key UNIQUE (a) WITH (fillfactor = 71) DEFERRABLE INITIALLY DEFERRED);
CREATE RULE for_replicas AS ON UPDATE TO public.at_the_end DO ALSO NOTIFY replicas;
ALTER TABLE public.at_the_end ENABLE REPLICA RULE for_replicas;
CREATE RULE for_all AS ON DELETE TO public.at_the_end DO ALSO NOTIFY everybody;
ALTER TABLE public.at_the_end ENABLE ALWAYS RULE for_all;
