-- Beside pgbench's accounts: about :megabytes MB of COPY text altogether, and :tables small tables.

-- A third of the text: rows of 350 bytes with jsonb and uuid.
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    reference uuid NOT NULL,
    account integer NOT NULL REFERENCES pgbench_accounts,
    placed timestamptz NOT NULL,
    total numeric(12, 2) NOT NULL,
    status text NOT NULL,
    detail jsonb NOT NULL
);
INSERT INTO orders
SELECT n, md5('reference' || n)::uuid, 1 + n * 7919 % (SELECT max(aid) FROM pgbench_accounts),
    timestamptz '2024-01-01 00:00Z' + n * interval '11 seconds', (n * 7907 % 9999991) / 100.0,
    (ARRAY['new', 'paid', 'packed', 'shipped', 'returned'])[1 + n % 5],
    jsonb_build_object(
        'customer', 'customer-' || n % 90001, 'channel', (ARRAY['web', 'shop', 'phone'])[1 + n % 3],
        'items', jsonb_build_array(
            jsonb_build_object('sku', left(md5(n::text), 12), 'count', 1 + n % 7, 'price', n % 9973 / 100.0),
            jsonb_build_object('sku', left(md5('b' || n), 12), 'count', 1 + n % 3, 'price', n % 7919 / 100.0)),
        'address', jsonb_build_object('street', 'Street ' || n % 4001, 'city', 'City ' || n % 313))
FROM generate_series(1, :megabytes::bigint * 1000) AS n;
CREATE UNIQUE INDEX orders_reference ON orders (reference);
CREATE INDEX orders_account ON orders (account, placed);

-- A quarter: documents of 12 kB, out of line.
CREATE TABLE documents (
    id integer PRIMARY KEY,
    title text NOT NULL,
    body text NOT NULL
);
INSERT INTO documents
SELECT n, 'Document ' || n, string_agg(md5(n::text || '-' || part) || ' some words that come again and again ', '')
FROM generate_series(1, :megabytes * 20) AS n, generate_series(1, 180) AS part
GROUP BY n;

CREATE SCHEMA small;
SELECT format(
    'CREATE TABLE small.t%1$s (id integer PRIMARY KEY, name text NOT NULL, seen timestamptz DEFAULT now());'
    ' CREATE INDEX t%1$s_seen ON small.t%1$s (seen, name); COMMENT ON TABLE small.t%1$s IS ''number %1$s'';'
    ' COMMENT ON COLUMN small.t%1$s.name IS ''what it is called''', n)
FROM generate_series(1, :tables) AS n \gexec
SELECT format('INSERT INTO small.t%s SELECT g, ''name '' || g, now() FROM generate_series(1, 50) AS g', n)
FROM generate_series(1, :tables) AS n \gexec
VACUUM ANALYZE;
