-- Prices have a currency
-- /// miger
-- depends = ["20260202090000_drop_text_prices"]
-- phase = "expand"
-- release = "v3"
-- ///
-- miger:up
ALTER TABLE products ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE order_items ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
-- miger:verify
SELECT count(*) = 0 AS ok FROM products WHERE length(currency) <> 3;
-- miger:down
ALTER TABLE order_items DROP COLUMN currency;
ALTER TABLE products DROP COLUMN currency;
