-- 400 customers, 160 products, 1,200 orders
-- /// miger
-- depends = ["20260106090000_create_orders"]
-- release = "v1"
-- ///
-- miger:up
WITH RECURSIVE
    first (n, word) AS (
        VALUES (0, 'Ada'), (1, 'Grace'), (2, 'Alan'), (3, 'Edsger'), (4, 'Barbara'), (5, 'Donald'), (6, 'Frances'),
               (7, 'Ken'), (8, 'Radia'), (9, 'Dennis'), (10, 'Margaret'), (11, 'Tony'), (12, 'Karen'), (13, 'Niklaus'),
               (14, 'Hedy'), (15, 'Leslie'), (16, 'Katherine'), (17, 'Edgar'), (18, 'Shafi'), (19, 'Jim')
    ),
    last (n, word) AS (
        VALUES (0, 'Becker'), (1, 'Rossi'), (2, 'Novak'), (3, 'Jensen'), (4, 'Moreau'), (5, 'Silva'), (6, 'Kowalski'),
               (7, 'Lindqvist'), (8, 'Okafor'), (9, 'Tanaka'), (10, 'Murphy'), (11, 'Popescu'), (12, 'Haddad'),
               (13, 'Visser'), (14, 'Garcia'), (15, 'Weber'), (16, 'Nagy'), (17, 'Petrov'), (18, 'Virtanen'), (19, 'Costa')
    ),
    city (n, word) AS (
        VALUES (0, 'Lisbon'), (1, 'Hamburg'), (2, 'Turin'), (3, 'Gdansk'), (4, 'Lyon'), (5, 'Aarhus'), (6, 'Ghent'),
               (7, 'Graz'), (8, 'Turku'), (9, 'Cork'), (10, 'Brno')
    ),
    number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 399)
INSERT INTO customers (id, name, login, city, joined_on)
SELECT number.n + 1,
       first.word || ' ' || last.word,
       lower(first.word) || '.' || lower(last.word),
       city.word,
       date('2024-01-02', (number.n * 7 / 4) || ' days')
FROM number
JOIN first ON first.n = number.n % 20
JOIN last ON last.n = (number.n / 20 + number.n * 7) % 20
JOIN city ON city.n = number.n * 5 % 11;

INSERT INTO categories (id, name)
VALUES (1, 'Desk'), (2, 'Kitchen'), (3, 'Garden'), (4, 'Travel'), (5, 'Workshop');

WITH RECURSIVE
    thing (n, word, category) AS (
        VALUES (0, 'lamp', 1), (1, 'notebook', 1), (2, 'pen', 1), (3, 'teapot', 2), (4, 'kettle', 2), (5, 'mug', 2),
               (6, 'bread knife', 2), (7, 'watering can', 3), (8, 'trowel', 3), (9, 'bird house', 3),
               (10, 'backpack', 4), (11, 'umbrella', 4), (12, 'water bottle', 4), (13, 'hammer', 5),
               (14, 'tape measure', 5), (15, 'tool box', 5)
    ),
    kind (n, word) AS (
        VALUES (0, 'Plain'), (1, 'Green'), (2, 'Red'), (3, 'Folding'), (4, 'Small'), (5, 'Classic'), (6, 'Blue'),
               (7, 'Large'), (8, 'Light'), (9, 'Spare')
    ),
    number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 159)
INSERT INTO products (id, sku, name, category_id, price)
SELECT number.n + 1,
       printf('%s-%03d', upper(substr(thing.word, 1, 3)), number.n + 1),
       kind.word || ' ' || thing.word,
       thing.category,
       printf(
           '%d.%02d',
           4 + number.n * 37 % 90,
           CASE number.n % 5 WHEN 0 THEN 99 WHEN 1 THEN 50 WHEN 2 THEN 5 WHEN 3 THEN 0 ELSE 95 END
       )
FROM number
JOIN thing ON thing.n = number.n % 16
JOIN kind ON kind.n = (number.n / 16 + number.n) % 10;

WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 1199)
INSERT INTO orders (id, customer_id, placed_at, state)
SELECT n + 1,
       1 + n * 131 % 400,
       datetime('2025-01-02 08:00:00', (n * 437) || ' minutes'),
       CASE WHEN n > 1170 THEN 'open' WHEN n % 23 = 0 THEN 'returned' ELSE 'shipped' END
FROM number;

WITH RECURSIVE item (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM item WHERE n < 2)
INSERT INTO order_items (order_id, product_id, quantity, price)
SELECT orders.id, products.id, 1 + (orders.id + item.n) % 3, products.price
FROM orders
JOIN item ON item.n <= orders.id % 3
JOIN products ON products.id = 1 + (orders.id * 17 + item.n * 53) % 160;
-- miger:verify
SELECT count(*) = 400 AS ok FROM customers;
SELECT count(*) = 2400 AS ok FROM order_items;
-- miger:down
DELETE FROM order_items;
DELETE FROM orders;
DELETE FROM products;
DELETE FROM categories;
DELETE FROM customers;
