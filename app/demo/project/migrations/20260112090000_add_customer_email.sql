-- An e-mail address for each customer
-- /// miger
-- depends = ["20260107090000_load_shop"]
-- phase = "expand"
-- release = "v1.1"
-- ///
-- miger:up
ALTER TABLE customers ADD COLUMN email TEXT;
-- miger:verify
SELECT email FROM customers LIMIT 0;
-- miger:down
ALTER TABLE customers DROP COLUMN email;
