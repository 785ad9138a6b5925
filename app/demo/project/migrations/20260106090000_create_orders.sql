-- Orders and what is in them
-- /// miger
-- depends = ["20260105100000_create_products"]
-- release = "v1"
-- ///
-- miger:up
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open'
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE TABLE order_items (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL,
    price TEXT NOT NULL DEFAULT '0.00'
);
CREATE INDEX order_items_by_order ON order_items (order_id);
-- miger:verify
SELECT order_id, product_id, quantity FROM order_items LIMIT 0;
-- miger:down
DROP TABLE order_items;
DROP TABLE orders;
