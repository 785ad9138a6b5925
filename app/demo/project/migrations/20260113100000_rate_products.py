"""The average of its reviews for each product"""

# /// miger
# depends = ["20260112100000_create_reviews"]
# transaction = false
# release = "v1.1"
# ///
from miger import Sql


def up(db: Sql) -> None:
    # A named step is committed as one; a resumed run does not enter it again.
    with db.step("add the column") as todo:
        if todo:
            db.execute("ALTER TABLE products ADD COLUMN stars REAL")
    with db.step("count the stars") as todo:
        if todo:
            db.execute(
                "UPDATE products SET stars = (SELECT round(avg(stars), 1) FROM reviews WHERE product_id = products.id)"
            )
            rated = db.execute("SELECT count(stars) FROM products").scalar()
            db.log(f"{rated} products have reviews")


def verify(db: Sql) -> None:
    db.execute("SELECT stars FROM products LIMIT 0")


def down(db: Sql) -> None:
    db.execute("ALTER TABLE products DROP COLUMN stars")
