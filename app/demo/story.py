"""The guided tour through the demo: what is run or asked, and what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """One stop: a sentence, and the `miger` command or the SQL query that it is about."""

    meaning: str
    command: str = ""
    query: str = ""


INTRODUCTION = """\
This is a small web shop: customers, products, orders, reviews. Its database is an SQLite file that does
not exist yet, and all of its migrations lie in a folder. We look at them, apply most of them, look at
the rows, take one back, and leave the next release for you."""

PRODUCTS = "SELECT id, name, {prices} FROM products WHERE id BETWEEN 24 AND 28"

STORY = (
    Scene("Nothing has been applied. Looking writes nothing: there is still no database file.", "status"),
    Scene("What depends on what, newest first. Two people worked at once: a branch, and its merge.", "graph"),
    Scene("What `up` would run for release v2. Three of these are committed piece by piece.", "plan drop_text"),
    Scene("Up to the column for prices in cents: that migration, and all that it needs.", "up price_in_cents"),
    Scene(
        "The shop is full. Prices are text, and cents are not known yet.",
        query=PRODUCTS.format(prices="price, price_in_cents"),
    ),
    Scene(
        "Fill the new column, batch by batch. A run that is broken off goes on where it stopped.", "up convert_prices"
    ),
    Scene(
        "Every price is there twice. The old program and the new one can both work.",
        query=PRODUCTS.format(prices="price, price_in_cents"),
    ),
    Scene("Nobody reads the text any more: drop it. SQLite has to make both tables anew for that.", "up drop_text"),
    Scene("Cents only.", query=PRODUCTS.format(prices="price_in_cents")),
    Scene("That was too early? Take the last one back.", "down --yes"),
    Scene("The text is back, to the last digit.", query=PRODUCTS.format(prices="price, price_in_cents")),
    Scene("And forward again.", "up drop_text"),
    Scene("Do the database and the folder agree? Each migration may say itself what has to hold.", "verify"),
    Scene("The shop is at v2. Release v3 waits: currencies and stock.", "status"),
    Scene("What happened, newest first. Nothing is ever taken out of this list.", "history --limit 8"),
)

ENDING = """\
The project is yours to play with:

  cd {directory}
  miger plan                      what is left to do
  miger up                        do it
  miger show convert_prices       one migration, its statements, its history
  miger down --to create_orders   a long way back (it asks first)
  miger create add_wishlist       write one of your own"""
