"""The products example: a price in text becomes a number of cents, and text again, with nothing lost."""

from __future__ import annotations

import pytest

from tests.app.sandbox import Sandbox

PRICES = ["29.99", "0.01", "100.00", "1234567.89", "0.10", "90071992547409.93"]

pytestmark = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])

WHOLE = {"sqlite": "INTEGER", "postgresql": "BIGINT", "mysql": "SIGNED"}
TO_CENTS = "CAST(REPLACE(price, '.', '') AS {whole})"
TO_TEXT = {
    "sqlite": "printf('%d.%02d', price_in_cents / 100, price_in_cents % 100)",
    "postgresql": "(price_in_cents / 100) || '.' || lpad((price_in_cents % 100)::text, 2, '0')",
    "mysql": "CONCAT(price_in_cents DIV 100, '.', LPAD(price_in_cents % 100, 2, '0'))",
}

PYTHON = """
def up(db):
    if "price_in_cents" not in columns(db):
        db.op.add_column("products", column("price_in_cents", BigInteger))
    for batch in db.batches("convert", "products", key="id", size=2):
        batch.execute("UPDATE products SET price_in_cents = {cents} WHERE id BETWEEN :low AND :high")
    with db.op.batch_alter_table("products") as table:
        table.alter_column("price_in_cents", existing_type=BigInteger(), nullable=False)
        table.drop_column("price")


def verify(db):
    return columns(db) == ["id", "price_in_cents"]


def down(db):
    db.op.add_column("products", column("price", String(30)))
    db.execute("UPDATE products SET price = {text}")
    with db.op.batch_alter_table("products") as table:
        table.alter_column("price", existing_type=String(30), nullable=False)
        table.drop_column("price_in_cents")


def columns(db):
    return [found["name"] for found in inspect(db.connection).get_columns("products")]


def column(name, kind):
    return Column(name, kind, nullable=True)
"""
IMPORTS = "from sqlalchemy import BigInteger, Column, String, inspect\n"


def start(sandbox: Sandbox) -> None:
    """A table of products with their prices in text."""
    values = ", ".join(f"({number}, '{price}')" for number, price in enumerate(PRICES, 1))
    sandbox.sql(
        "0001_products",
        "CREATE TABLE products (id INTEGER PRIMARY KEY, price VARCHAR(30) NOT NULL);\n"
        f"INSERT INTO products (id, price) VALUES {values};",
        "DROP TABLE products;",
    )
    sandbox.miger("up")


def there_and_back(sandbox: Sandbox) -> None:
    """Applies and reverts what is pending, and looks at every price."""
    before = sandbox.dump()
    sandbox.miger("up", "--yes")  # which drops the prices in text
    cents = [amount for (amount,) in sandbox.rows("SELECT price_in_cents FROM products ORDER BY id")]
    assert cents == [int(price.replace(".", "")) for price in PRICES]
    assert cents[0] == 2999
    sandbox.miger("down", "0002", "--yes")
    assert [price for (price,) in sandbox.rows("SELECT price FROM products ORDER BY id")] == PRICES
    if not sandbox.sqlite:  # which keeps the words of each statement
        assert sandbox.dump()["rows"] == before["rows"]
    assert sandbox.miger("verify", "--json").document["drift"] == []


def test_in_sql(sandbox: Sandbox) -> None:
    start(sandbox)
    cents = TO_CENTS.format(whole=WHOLE[sandbox.backend])
    sandbox.sql(
        "0002_cents",
        "ALTER TABLE products ADD COLUMN price_in_cents BIGINT;\n"
        f"UPDATE products SET price_in_cents = {cents};\n"
        "ALTER TABLE products DROP COLUMN price;",
        "ALTER TABLE products ADD COLUMN price VARCHAR(30);\n"
        f"UPDATE products SET price = {TO_TEXT[sandbox.backend]};\n"
        "ALTER TABLE products DROP COLUMN price_in_cents;",
        verify="SELECT COUNT(*) = 0 AS ok FROM products WHERE price_in_cents IS NULL;",
    )
    there_and_back(sandbox)


@pytest.mark.parametrize("transaction", [True, False])
def test_in_python(sandbox: Sandbox, transaction: bool) -> None:
    start(sandbox)
    cents = TO_CENTS.format(whole=WHOLE[sandbox.backend])
    text = TO_TEXT[sandbox.backend]
    body = IMPORTS + PYTHON.replace("{cents}", cents).replace("{text}", text)
    sandbox.python("0002_cents", body, metadata="" if transaction else "transaction = false")
    there_and_back(sandbox)
