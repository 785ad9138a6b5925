"""From any collections of MongoDB to any others and back: what is generated gives the one, and then the other again."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from typing import Any

import pymongo
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from tests.app.generate_collections import Shop, same
from tests.app.random_collections import DrawnCollections, collections
from tests.app.sandbox import Sandbox
from tests.servers import mongodb

PAIRS, MANY = 30, 300
KINDS = {"collection", "expiring index", "field", "partial index", "plain index", "required", "sparse index"}
KINDS |= {"unique index", "validator"}
"""What has to come up in some of the pairs, or the test does not test it."""


def apply(shop: Shop, drawn: DrawnCollections) -> bool:
    """Makes the collections by what is generated; whether there was anything to do."""
    shop.yaml(drawn.text)
    found = shop.generate()
    if found.lines:
        note(shop.write(found))
        shop.up()
    assert shop.nothing(), [str(line) for line in shop.generate().lines]
    return bool(found.lines)


def there_and_back(shop: Shop, first: DrawnCollections, second: DrawnCollections) -> None:
    """Goes from the one schema to the other and back again."""
    note(f"before\n{first.text}\nafter\n{second.text}")
    apply(shop, first)
    before = shop.live()
    if apply(shop, second):
        shop.down()
    assert same(shop.live(), before), (shop.live(), before)


def try_pairs(folder: str, url: str, capsys: pytest.CaptureFixture[str], count: int) -> None:
    """Tries so many pairs, each in a database of its own, and tells what was in them."""
    seen: Counter[str] = Counter()
    numbers, tried = itertools.count(), 0
    base = url.partition("?")[0].rpartition("/")[2]

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize="MIGER_TEST_SEED" not in os.environ,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(collections(), collections())
    def trip(first: DrawnCollections, second: DrawnCollections) -> None:
        nonlocal tried
        number = next(numbers)
        own = mongodb.with_database(url, f"{base}_{number}")
        with pymongo.MongoClient[dict[str, Any]](own) as client:
            shop = Shop(Sandbox(os.path.join(folder, str(number)), "mongodb", own, capsys), client[f"{base}_{number}"])
            try:
                there_and_back(shop, first, second)
            finally:
                client.drop_database(f"{base}_{number}")
        seen.update(first.kinds + second.kinds)
        tried += 1

    trip()
    told = ", ".join(f"{kind} {number}" for kind, number in sorted(seen.items()))
    with capsys.disabled():
        print(f"\nmongodb: {tried} pairs there and back: {told}")
    assert tried >= count
    assert not KINDS - seen.keys()


@pytest.mark.timeout(900)
def test_random_collections_become_others_and_themselves_again(
    tmp_path: os.PathLike[str], mongodb_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try_pairs(os.fspath(tmp_path), mongodb_url, capsys, PAIRS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_random_collections_become_others_and_themselves_again(
    tmp_path: os.PathLike[str], mongodb_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try_pairs(os.fspath(tmp_path), mongodb_url, capsys, MANY)
