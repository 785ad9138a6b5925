"""How many there are of each product"""

# /// miger
# depends = ["20260209090000_add_currency"]
# phase = "expand"
# release = "v3"
# ///
import sqlalchemy

from miger import Sql


def up(db: Sql) -> None:
    db.op.create_table(
        "stock",
        sqlalchemy.Column("product_id", sqlalchemy.Integer, sqlalchemy.ForeignKey("products.id"), primary_key=True),
        sqlalchemy.Column("pieces", sqlalchemy.Integer, nullable=False, server_default="0"),
    )
    db.execute("INSERT INTO stock (product_id, pieces) SELECT id, 5 + id * 13 % 40 FROM products")


def verify(db: Sql) -> bool:
    return db.execute("SELECT (SELECT count(*) FROM stock) = (SELECT count(*) FROM products)").scalar() == 1


def down(db: Sql) -> None:
    db.op.drop_table("stock")
