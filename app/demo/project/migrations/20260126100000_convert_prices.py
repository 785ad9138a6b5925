"""From 29.99 as text to 2999 as a number"""

# /// miger
# depends = ["20260126090000_add_price_in_cents"]
# phase = "expand"
# transaction = false
# release = "v2"
# ///
from miger import Sql

TABLES = {"products": 40, "order_items": 500}  # rows in a batch


def up(db: Sql) -> None:
    for table, size in TABLES.items():
        odd = db.execute(
            f"SELECT count(*) FROM {table} WHERE price NOT GLOB '[0-9]*.[0-9][0-9]' OR price GLOB '*[^0-9.]*'"
        ).scalar()
        if odd:
            raise ValueError(f"{odd} prices in {table} do not look like 29.99")
        for batch in db.batches(table, table, key="id", size=size):
            batch.execute(
                f"UPDATE {table} SET price_in_cents = CAST(replace(price, '.', '') AS INTEGER) "
                "WHERE id BETWEEN :low AND :high"
            )
        db.log(f"every price in {table} has its cents")


def verify(db: Sql) -> bool:
    return all(
        db.execute(f"SELECT count(*) FROM {table} WHERE price_in_cents IS NULL").scalar() == 0 for table in TABLES
    )


def down(db: Sql) -> None:
    for table in TABLES:
        db.execute(f"UPDATE {table} SET price_in_cents = NULL")
