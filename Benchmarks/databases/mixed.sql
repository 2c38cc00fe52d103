-- About :megabytes MB of tables: half of it narrow rows, three tenths wide text, two tenths values out of line.
SELECT setseed(0.5) \g /dev/null

CREATE TABLE account (
    id integer PRIMARY KEY,
    email text NOT NULL UNIQUE,
    joined timestamptz NOT NULL
);
INSERT INTO account
SELECT n, 'user' || n || '@example.com', timestamptz '2020-01-01 00:00Z' + n * interval '97 seconds'
FROM generate_series(1, 10000) AS n;

CREATE TABLE entry (
    id bigint PRIMARY KEY,
    account integer NOT NULL REFERENCES account,
    placed timestamptz NOT NULL,
    amount numeric(12, 2) NOT NULL,
    note text
);
INSERT INTO entry
SELECT n, 1 + (random() * 9999)::integer, timestamptz '2024-01-01 00:00Z' + n * interval '11 seconds',
    (random() * 100000)::numeric(12, 2), CASE WHEN n % 10 = 0 THEN 'paid with voucher ' || n % 977 END
FROM generate_series(1, :megabytes * 7600) AS n;
CREATE INDEX entry_account ON entry (account, placed);

CREATE TABLE article (
    id integer PRIMARY KEY,
    title text NOT NULL,
    body text NOT NULL,
    tags text[] NOT NULL
);
INSERT INTO article
SELECT n, 'Article ' || n, string_agg(md5(n::text || part), ' one of the words that come again and again '),
    ARRAY['tag' || n % 7, 'tag' || n % 31]
FROM generate_series(1, :megabytes * 380) AS n, generate_series(1, 10) AS part
GROUP BY n;

CREATE TABLE document (
    id integer PRIMARY KEY,
    content text NOT NULL
);
INSERT INTO document
SELECT n, string_agg(md5(n::text || part), '')
FROM generate_series(1, :megabytes * 13) AS n, generate_series(1, 500) AS part
GROUP BY n;
VACUUM ANALYZE;
