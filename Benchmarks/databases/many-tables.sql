-- :tables small tables with an index and a few rows each, as a schema per tenant or per month leaves them behind.
SELECT format('CREATE SCHEMA s%s', n) FROM generate_series(0, :tables / 1000) AS n \gexec
SELECT format(
    'CREATE TABLE s%s.t%s (id integer PRIMARY KEY, name text NOT NULL, seen timestamptz NOT NULL DEFAULT now())',
    n / 1000, n
) FROM generate_series(1, :tables) AS n \gexec
SELECT format('INSERT INTO s%s.t%s SELECT i, ''name '' || i FROM generate_series(1, %s) AS i', n / 1000, n, n % 5)
FROM generate_series(1, :tables) AS n \gexec
VACUUM ANALYZE;
