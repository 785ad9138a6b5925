-- Reviews of products
-- /// miger
-- depends = ["20260107090000_load_shop"]
-- release = "v1.1"
-- ///
-- miger:up
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    words TEXT NOT NULL
);
CREATE INDEX reviews_by_product ON reviews (product_id);
INSERT INTO reviews (product_id, customer_id, stars, words)
SELECT order_items.product_id,
       orders.customer_id,
       1 + max(0, 4 - order_items.id * 7 % 11 % 5),
       CASE order_items.id % 4 WHEN 0 THEN 'Just what I needed.' WHEN 1 THEN 'Sturdy.' WHEN 2 THEN 'As shown.' ELSE 'A gift.' END
FROM order_items
JOIN orders ON orders.id = order_items.order_id
WHERE order_items.id % 3 = 0;
-- miger:verify
SELECT product_id, customer_id, stars FROM reviews LIMIT 0;
-- miger:down
DROP TABLE reviews;
