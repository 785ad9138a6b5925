-- Products, with their price as text
-- /// miger
-- depends = ["20260105090000_create_customers"]
-- release = "v1"
-- ///
-- miger:up
CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    price TEXT NOT NULL DEFAULT '0.00'
);
CREATE UNIQUE INDEX products_by_sku ON products (sku);
-- miger:verify
SELECT id, sku, name, category_id FROM products LIMIT 0;
-- miger:down
DROP TABLE products;
DROP TABLE categories;
