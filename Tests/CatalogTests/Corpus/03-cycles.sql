-- Things that need each other.
CREATE SCHEMA loops;
CREATE TABLE loops.one (id integer PRIMARY KEY, two integer);
CREATE TABLE loops.two (id integer PRIMARY KEY, one integer REFERENCES loops.one);
ALTER TABLE loops.one ADD FOREIGN KEY (two) REFERENCES loops.two;
-- A default and a check that call functions on the table's own row type.
CREATE TABLE loops.self (id integer);
CREATE FUNCTION loops.next(loops.self) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION loops.next() RETURNS integer LANGUAGE sql AS 'SELECT loops.next(NULL::loops.self)';
ALTER TABLE loops.self ALTER id SET DEFAULT loops.next(NULL::loops.self);
CREATE FUNCTION loops.fine(loops.self) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER TABLE loops.self ADD CONSTRAINT fine CHECK (loops.fine(self));
COMMENT ON CONSTRAINT fine ON loops.self IS 'fine';
-- Two views that read each other.
CREATE VIEW loops.a AS SELECT 1 AS x, 'a'::varchar(5) COLLATE "C" AS y;
CREATE VIEW loops.b AS SELECT x, y FROM loops.a;
CREATE OR REPLACE VIEW loops.a AS SELECT x, y FROM loops.b;
-- A domain whose check calls a function that takes the domain.
CREATE DOMAIN loops.small AS integer;
CREATE FUNCTION loops.is_small(loops.small) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER DOMAIN loops.small ADD CONSTRAINT small CHECK (loops.is_small(VALUE));
-- A sequence used by another table's default.
CREATE SEQUENCE loops.z_shared;
CREATE TABLE loops.a_user (id integer DEFAULT nextval('loops.z_shared'));
ALTER SEQUENCE loops.z_shared OWNED BY loops.two.id;
CREATE TABLE loops.counts (n bigint);
CREATE FUNCTION loops.counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM loops.counts; END;
ALTER TABLE loops.counts ALTER n SET DEFAULT loops.counted();
