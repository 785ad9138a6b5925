"""Cents are the price now, the text goes"""

# /// miger
# depends = ["20260126100000_convert_prices"]
# phase = "contract"
# release = "v2"
# allow = [{ hazard = "drop-column", reason = "every price is kept as cents" }]
# ///
import sqlalchemy

from miger import Sql

TABLES = {"products": "category_id", "order_items": "quantity"}  # and the column before the price


def up(db: Sql) -> None:
    # SQLite cannot add NOT NULL to a column: Alembic's operations make the table anew.
    for name in TABLES:
        with db.op.batch_alter_table(name) as table:
            table.alter_column("price_in_cents", existing_type=sqlalchemy.Integer, nullable=False)
            table.drop_column("price")


def verify(db: Sql) -> bool:
    columns = db.execute("SELECT name FROM pragma_table_info('products')").scalars().all()
    return "price_in_cents" in columns and "price" not in columns


def down(db: Sql) -> None:
    for name, neighbour in TABLES.items():
        price = sqlalchemy.Column("price", sqlalchemy.Text, nullable=False, server_default="0.00")
        with db.op.batch_alter_table(name, recreate="always") as table:
            table.add_column(price, insert_after=neighbour)
            table.alter_column("price_in_cents", existing_type=sqlalchemy.Integer, nullable=True)
        db.execute(f"UPDATE {name} SET price = printf('%d.%02d', price_in_cents / 100, price_in_cents % 100)")
