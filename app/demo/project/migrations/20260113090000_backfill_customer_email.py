"""An address for everyone, 100 at a time"""

# /// miger
# depends = ["20260112090000_add_customer_email"]
# phase = "expand"
# transaction = false
# release = "v1.1"
# ///
from miger import Sql


def up(db: Sql) -> None:
    # Each batch is committed with its place in the table. A run that is broken off goes on behind the
    # last finished batch: `miger repair backfill_customer_email --resume`.
    for batch in db.batches("addresses", "customers", key="id", size=100):
        batch.execute(
            "UPDATE customers SET email = login || '.' || id || '@example.org' "
            "WHERE email IS NULL AND id BETWEEN :low AND :high"
        )


def verify(db: Sql) -> bool:
    return db.execute("SELECT count(*) FROM customers WHERE email IS NULL").scalar() == 0


def down(db: Sql) -> None:
    db.execute("UPDATE customers SET email = NULL")
