-- No two customers share an address
-- /// miger
-- depends = ["20260113090000_backfill_customer_email"]
-- phase = "contract"
-- release = "v1.1"
-- ///
-- miger:up
CREATE UNIQUE INDEX customers_by_email ON customers (email);
-- miger:verify
SELECT count(*) = count(DISTINCT email) AS ok FROM customers;
-- miger:down
DROP INDEX customers_by_email;
