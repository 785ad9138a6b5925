-- Room for prices as whole numbers
-- /// miger
-- depends = ["20260119090000_merge_email_and_reviews"]
-- phase = "expand"
-- release = "v2"
-- ///
-- miger:up
ALTER TABLE products ADD COLUMN price_in_cents INTEGER;
ALTER TABLE order_items ADD COLUMN price_in_cents INTEGER;
-- miger:verify
SELECT products.price_in_cents, order_items.price_in_cents FROM products JOIN order_items LIMIT 0;
-- miger:down
ALTER TABLE order_items DROP COLUMN price_in_cents;
ALTER TABLE products DROP COLUMN price_in_cents;
