-- What PostgreSQL 18 brought.
CREATE SCHEMA eighteen;
CREATE TABLE eighteen.products (
    id integer CONSTRAINT "it has an id" NOT NULL,
    price numeric CONSTRAINT price_not_null_here NOT NULL NO INHERIT,
    gross numeric GENERATED ALWAYS AS (price * 1.2) VIRTUAL,
    net numeric GENERATED ALWAYS AS (price * 0.8) STORED,
    stock integer CONSTRAINT "some stock" CHECK (stock > 0) NOT ENFORCED
);
COMMENT ON CONSTRAINT "it has an id" ON eighteen.products IS 'always';
ALTER TABLE eighteen.products ADD CONSTRAINT late_stock NOT NULL stock NOT VALID;
CREATE TABLE eighteen.bookings (
    room int4range,
    during daterange,
    CONSTRAINT booked PRIMARY KEY (room, during WITHOUT OVERLAPS)
);
CREATE TABLE eighteen.stays (
    room int4range,
    during daterange,
    CONSTRAINT in_a_booking FOREIGN KEY (room, PERIOD during) REFERENCES eighteen.bookings (room, PERIOD during)
);
CREATE TABLE eighteen.orders (id integer PRIMARY KEY, other integer);
ALTER TABLE eighteen.orders ADD CONSTRAINT loose FOREIGN KEY (other) REFERENCES eighteen.orders NOT ENFORCED;
CREATE TABLE eighteen.child (extra text) INHERITS (eighteen.products);
CREATE TABLE eighteen.named (CONSTRAINT "its own" NOT NULL id) INHERITS (eighteen.products);
CREATE TABLE eighteen.later (LIKE eighteen.products);
ALTER TABLE eighteen.later ALTER stock SET NOT NULL;
CREATE TABLE eighteen.parent (a integer, b integer);
CREATE TABLE eighteen.first_own () INHERITS (eighteen.parent);
ALTER TABLE eighteen.first_own ALTER a SET NOT NULL;
ALTER TABLE eighteen.parent ALTER a SET NOT NULL, ALTER b SET NOT NULL;
ALTER TABLE eighteen.first_own ALTER b SET NOT NULL;
-- Not null without a look at the rows, down to partitions and shared with an heir under another name.
CREATE TABLE eighteen.listed (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE TABLE eighteen.listed_1 PARTITION OF eighteen.listed FOR VALUES IN (1);
CREATE TABLE eighteen.listed_2 PARTITION OF eighteen.listed FOR VALUES IN (2);
ALTER TABLE eighteen.listed ADD CONSTRAINT b_later NOT NULL b NOT VALID;
ALTER TABLE eighteen.listed ADD CONSTRAINT unenforced CHECK (b > 0) NOT ENFORCED;
CREATE TABLE eighteen.ahead (a integer);
CREATE TABLE eighteen.behind (a integer);
ALTER TABLE eighteen.ahead ADD CONSTRAINT ahead_a NOT NULL a NOT VALID;
ALTER TABLE eighteen.behind ADD CONSTRAINT behind_a NOT NULL a NOT VALID;
ALTER TABLE eighteen.behind INHERIT eighteen.ahead;
-- What an heir calls it depends on which parent came first.
CREATE TABLE eighteen.first_parent (a integer);
ALTER TABLE eighteen.first_parent ADD NOT NULL a NOT VALID;
CREATE TABLE eighteen.second_parent (a integer NOT NULL);
CREATE TABLE eighteen.of_two () INHERITS (eighteen.first_parent, eighteen.second_parent);
-- The server attaches no such index: it comes from above.
CREATE TABLE eighteen.stays_by_room (room int4range, during daterange, CONSTRAINT no_two UNIQUE (room, during WITHOUT OVERLAPS))
    PARTITION BY LIST (room);
CREATE TABLE eighteen.stays_in_1 PARTITION OF eighteen.stays_by_room FOR VALUES IN ('[1,2)');
CREATE TABLE eighteen.stays_in_2 PARTITION OF eighteen.stays_by_room FOR VALUES IN ('[2,3)') PARTITION BY LIST (room);
CREATE TABLE eighteen.stays_in_2_only PARTITION OF eighteen.stays_in_2 FOR VALUES IN ('[2,3)');
ALTER TABLE eighteen.stays_in_1 RENAME CONSTRAINT stays_in_1_room_during_excl TO renamed;
COMMENT ON CONSTRAINT renamed ON eighteen.stays_in_1 IS 'of a partition';
