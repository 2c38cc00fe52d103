-- What an hour of trade changes: a few orders, a status, some events. Most of the database stays as it was.
INSERT INTO shop."order" (customer_id, status, placed) SELECT n, 'paid', '2026-11-20 12:00:00+00' FROM generate_series(1, 50) n;
UPDATE shop."order" SET status = 'shipped' WHERE id BETWEEN 1001 AND 1020;
UPDATE shop.product SET price = price + 1 WHERE id = 42;
