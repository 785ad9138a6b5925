-- Customers of the shop
-- /// miger
-- depends = []
-- release = "v1"
-- ///
-- miger:up
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    login TEXT NOT NULL,
    city TEXT NOT NULL,
    joined_on TEXT NOT NULL
);
-- miger:verify
SELECT id, name, login, city, joined_on FROM customers LIMIT 0;
-- miger:down
DROP TABLE customers;
