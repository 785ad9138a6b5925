"""On MongoDB, too, a dry run says what a real run then does, and leaves nothing behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from miger.engine.scratch import PREFIX
from miger.project import Project

from tests.app.preview_plans_mongodb import PLANS, SHOP, Plan
from tests.app.sandbox import Sandbox
from tests.app.test_preview_truth import run_really, told
from tests.app.thinning import thinned

pytestmark = pytest.mark.parametrize("backend_name", ["mongodb"])


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[MongoClient[dict[str, Any]]]:
    """The server, seen from outside."""
    made: MongoClient[dict[str, Any]] = MongoClient(sandbox.url)
    with made:
        yield made


def contents(client: MongoClient[dict[str, Any]], url: str) -> dict[str, Any]:
    """Everything that a database holds, Miger's own included."""
    database = client[urlsplit(url).path.removeprefix("/")]
    listed = sorted((dict(item) for item in database.list_collections()), key=lambda item: str(item["name"]))
    plain = [item["name"] for item in listed if item["type"] != "view"]
    return {
        "listed": listed,
        "indexes": {name: database[name].index_information() for name in plain},
        "documents": {name: list(database[name].find()) for name in plain},
    }


def left_over(client: MongoClient[dict[str, Any]]) -> list[str]:
    """Scratch databases of this process."""
    return [name for name in client.list_database_names() if name.startswith(PREFIX) and f"_{os.getpid()}_" in name]


def difference(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """How many documents of each collection were added, changed and removed, as a rehearsal tells it."""
    lines = []
    for name in sorted(name for name in after if not name.startswith("miger_")):
        old, new = ({document["_id"]: document for document in found.get(name, ())} for found in (before, after))
        counts = {
            "added": len(new.keys() - old.keys()),
            "changed": sum(repr(old[id]) != repr(new[id]) for id in old.keys() & new.keys()),
            "removed": len(old.keys() - new.keys()),
        }
        if told_counts := ", ".join(f"{count} {verb}" for verb, count in counts.items() if count):
            lines.append(f"documents of {name}: {told_counts}")
    return lines


def plain(steps: list[Any]) -> str:
    """What is told of steps, without the numbers that the server gives collections, builds and transactions."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=transaction number )\d+", "#", repr(steps))


@pytest.mark.parametrize("plan", thinned(PLANS, 2), ids=lambda plan: plan.name)
def test_what_is_previewed_is_what_happens(sandbox: Sandbox, client: MongoClient[dict[str, Any]], plan: Plan) -> None:
    sandbox.python("0000_shop", SHOP)
    sandbox.miger("up")
    for number, text in enumerate(plan.files, 1):
        sandbox.python(f"000{number}_plan", text, metadata="" if plan.transaction else "transaction = false")
    before = contents(client, sandbox.url)
    with Project.open(sandbox.folder) as project:
        pending = project.plan()
        previews = [project.preview(pending, mode) for mode in ("rehearse", "auto")]
        assert contents(client, sandbox.url) == before
        assert not left_over(client)
        steps, changes = run_really(project)
    written = difference(before["documents"], contents(client, sandbox.url)["documents"])
    for preview in previews:
        assert preview.mode == "rehearse"
        assert preview.ok is not plan.fails
        assert plain(told(preview)) == plain(steps)
        assert list(preview.changes or ()) == changes
        if not changes:  # else documents also come and go with their collection
            assert [note for note in preview.notes if note.startswith("documents of ")] == [*written, *plan.gone]
        assert not [note for note in preview.notes if "not copied" in note or "not quite" in note]
