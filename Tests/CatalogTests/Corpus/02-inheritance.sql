-- Inheritance, partitions, typed tables.
CREATE SCHEMA family;
CREATE FUNCTION family.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE family.parent (a integer DEFAULT 1, b text NOT NULL CONSTRAINT b_full CHECK (b <> ''), c integer);
CREATE TABLE family.other (a integer, d date, CONSTRAINT d_new CHECK (d > '2000-01-01'));
CREATE TABLE family.child (own integer, CONSTRAINT b_full CHECK (b <> '')) INHERITS (family.parent, family.other);
ALTER TABLE ONLY family.child ALTER a SET DEFAULT 7;
ALTER TABLE ONLY family.child ALTER c SET NOT NULL;
CREATE TABLE family.same (LIKE family.parent INCLUDING ALL) INHERITS (family.parent);
CREATE TABLE family.late (b text NOT NULL, a integer, c integer, extra text, CONSTRAINT b_full CHECK (b <> ''));
ALTER TABLE family.late INHERIT family.parent;
ALTER TABLE family.late NO INHERIT family.parent;
ALTER TABLE family.late INHERIT family.parent;
ALTER TABLE family.parent ADD CONSTRAINT only_here CHECK (a > 0) NO INHERIT;
CREATE TABLE family.grandchild () INHERITS (family.child);
-- On a check that only a parent has: pg_dump loses it.
COMMENT ON CONSTRAINT d_new ON family.grandchild IS 'came along';

CREATE TABLE family.events (
    id bigint NOT NULL, at timestamptz NOT NULL, region text NOT NULL DEFAULT 'eu', body text,
    CONSTRAINT body_short CHECK (length(body) < 1000)
) PARTITION BY RANGE (at);
CREATE TABLE family.events_2026 PARTITION OF family.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY LIST (region);
CREATE TABLE family.events_2026_eu PARTITION OF family.events_2026 (body DEFAULT 'x') FOR VALUES IN ('eu', 'it''s', NULL);
CREATE TABLE family.events_2026_rest PARTITION OF family.events_2026 DEFAULT;
-- Other column order than its parent.
CREATE TABLE family.events_old (body text, region text NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL,
    CONSTRAINT body_short CHECK (length(body) < 1000), own_check integer CHECK (own_check > 0));
ALTER TABLE family.events_old DROP COLUMN own_check;
ALTER TABLE family.events ATTACH PARTITION family.events_old FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
ALTER TABLE family.events ADD PRIMARY KEY (id, at, region);
CREATE INDEX events_body ON family.events (lower(body));
CREATE INDEX events_only ON ONLY family.events (region);
CREATE INDEX events_old_region ON family.events_old (region);
ALTER INDEX family.events_only ATTACH PARTITION family.events_old_region;
CREATE INDEX own_index ON family.events_2026_eu (body);
CREATE TABLE family.refers (id bigint, at timestamptz, region text,
    FOREIGN KEY (id, at, region) REFERENCES family.events ON UPDATE CASCADE);
CREATE TABLE family.target (k integer PRIMARY KEY);
CREATE TABLE family.hashed (k integer REFERENCES family.target, v text, s text GENERATED ALWAYS AS (upper(v)) STORED)
    PARTITION BY HASH (k, v);
CREATE TABLE family.hashed_0 PARTITION OF family.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0) WITH (fillfactor = 70);
CREATE TABLE family.hashed_1 PARTITION OF family.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TRIGGER noted AFTER INSERT ON family.hashed FOR EACH ROW EXECUTE FUNCTION family.noted();
ALTER TABLE family.hashed_1 DISABLE TRIGGER noted;
CREATE TABLE family.by_expression (a text COLLATE "C", b integer) PARTITION BY RANGE (lower(a) COLLATE "C", (b + 1));
CREATE TYPE family.shape AS (id integer, name text);
CREATE TABLE family.typed OF family.shape (PRIMARY KEY (id), name WITH OPTIONS DEFAULT 'none' NOT NULL CHECK (name <> 'x'));
CREATE TABLE family.typed_plain OF family.shape;
-- Checks that are not validated go down to partitions on every level, and are shared with heirs that have them too.
CREATE TABLE family.measures (a integer) PARTITION BY RANGE (a);
CREATE TABLE family.measures_1 PARTITION OF family.measures FOR VALUES FROM (1) TO (10);
CREATE TABLE family.measures_2 PARTITION OF family.measures FOR VALUES FROM (10) TO (20);
CREATE TABLE family.measures_3 PARTITION OF family.measures FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (a);
CREATE TABLE family.measures_3_1 PARTITION OF family.measures_3 FOR VALUES FROM (20) TO (25);
ALTER TABLE family.measures ADD CONSTRAINT more_than_five CHECK (a > 5) NOT VALID;
ALTER TABLE family.measures_2 VALIDATE CONSTRAINT more_than_five;
ALTER TABLE family.measures_1 ADD CONSTRAINT its_own CHECK (a <> 7) NOT VALID;
CREATE TABLE family.ahead (a integer);
CREATE TABLE family.behind (a integer);
ALTER TABLE family.ahead ADD CONSTRAINT of_both CHECK (a > 0) NOT VALID;
ALTER TABLE family.behind ADD CONSTRAINT of_both CHECK (a > 0) NOT VALID;
ALTER TABLE family.behind INHERIT family.ahead;
CREATE TABLE family.further_behind () INHERITS (family.behind);
-- Parents that contradict each other, one of them only passing on what it has itself from above.
CREATE TABLE family.one (a integer DEFAULT 1);
CREATE TABLE family.two (a integer DEFAULT 2);
CREATE TABLE family.below_two () INHERITS (family.two);
CREATE TABLE family.of_both () INHERITS (family.one);
ALTER TABLE family.of_both INHERIT family.below_two;
ALTER TABLE family.of_both ALTER a SET DEFAULT 9;
CREATE TABLE family.as_one () INHERITS (family.one);
CREATE TABLE family.as_one_again () INHERITS (family.one);
ALTER TABLE family.as_one_again INHERIT family.below_two;

-- Conditions that call functions, on their own, on heirs and on partitions.
CREATE FUNCTION family.known(integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
  BEGIN RETURN $1 IS NULL OR EXISTS (SELECT FROM family.listed_codes c WHERE c.code = $1); END $$;
CREATE TABLE family.listed_codes (code integer PRIMARY KEY);
INSERT INTO family.listed_codes SELECT generate_series(1, 50);
CREATE FUNCTION family.near(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 9';
CREATE OPERATOR family.<~> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = family.near);
CREATE TABLE family.coded (a integer CONSTRAINT is_known CHECK (family.known(a)), b integer CHECK (b OPERATOR(family.<~>) 3));
COMMENT ON CONSTRAINT is_known ON family.coded IS 'asks another table';
INSERT INTO family.coded VALUES (7, 4);
CREATE TABLE family.coded_heir (c integer, CONSTRAINT of_heir CHECK (family.known(c)) NO INHERIT) INHERITS (family.coded);
CREATE TABLE family.coded_late (a integer CONSTRAINT is_known CHECK (family.known(a)), b integer);
ALTER TABLE family.coded_late ADD CONSTRAINT coded_b_check CHECK (b OPERATOR(family.<~>) 3) NOT VALID;
ALTER TABLE family.coded_late VALIDATE CONSTRAINT coded_b_check;
ALTER TABLE family.coded_late INHERIT family.coded;
CREATE TABLE family.coded_parts (a integer CHECK (family.known(a))) PARTITION BY RANGE (a);
CREATE TABLE family.coded_parts_1 PARTITION OF family.coded_parts FOR VALUES FROM (0) TO (10);
CREATE TABLE family.coded_parts_2 (a integer, CONSTRAINT coded_parts_a_check CHECK (family.known(a)),
  CONSTRAINT own CHECK (family.known(a + 1)));
ALTER TABLE family.coded_parts ATTACH PARTITION family.coded_parts_2 FOR VALUES FROM (10) TO (20);
INSERT INTO family.coded_parts VALUES (1), (11);

-- A trigger whose state differs two levels below, in tables whose names sort the other way round.
CREATE TABLE family.z_top (a integer) PARTITION BY RANGE (a);
CREATE TABLE family.m_middle PARTITION OF family.z_top FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (a);
CREATE TABLE family.a_leaf PARTITION OF family.m_middle FOR VALUES FROM (0) TO (5);
CREATE FUNCTION family.noticed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER noticed AFTER INSERT ON family.z_top FOR EACH ROW EXECUTE FUNCTION family.noticed();
ALTER TABLE ONLY family.a_leaf DISABLE TRIGGER noticed;
CREATE TRIGGER unnoticed AFTER UPDATE ON family.z_top FOR EACH ROW EXECUTE FUNCTION family.noticed();
ALTER TABLE ONLY family.z_top DISABLE TRIGGER unnoticed;
ALTER TABLE ONLY family.m_middle DISABLE TRIGGER unnoticed;
