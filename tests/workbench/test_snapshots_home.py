"""How the home screen looks. `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from miger.engine.errors import ConfigError, Problem, UnreachableError
from miger.engine.state import Holder, Snapshot, StateRow
from miger.engine.status import Status, status_of
from miger.survey import Survey
from miger.widgets.graph_view import GraphView
from miger.widgets.log_entry import DONE, ERROR, RUNNING, LogEntry
from miger.workbench import lookout
from miger.workbench.app import Workbench
from miger.workbench.settings import Settings

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, LOOKS, SMALL, press, wait_for, wait_for_look, wait_for_text

Snap = Callable[..., bool]
Step = Callable[[Pilot[int], Workbench], Awaitable[None]]
DARK, LIGHT, CONTRAST = "miger-dark", "miger-light", "miger-high-contrast"
sizes = pytest.mark.parametrize("size", [HOME, SMALL], ids=["home", "small"])
IDS = (
    "0139_customer_email",
    "0140_billing_tables",
    "0141_split_customer_name",
    "0142_merge_billing",
    "0143_add_invoice_index",
)
HOLDER = Holder(
    "bob", "ci", "m1", 4711, "p", "1a2b3c4d", 3, "2026-01-15T12:03:58.000Z", "2026-01-15T12:05:00.000Z",
    "0142_merge_billing (1 of 2)", "s", False,
)  # fmt: skip
LOG = (
    LogEntry("12:03:57.900", DONE, "0140_billing_tables", "1/1", "CREATE TABLE billing (id INTEGER)", ms=3.2),
    LogEntry("12:03:58.120", ERROR, "0141_split_customer_name", "2/3", "duplicate column name: name", ms=14.0),
    LogEntry("12:03:58.140", RUNNING, "0142_merge_billing", "1/2", "INSERT INTO billing SELECT id FROM customer"),
)


@pytest.fixture
def billing(shop: Sandbox) -> Sandbox:
    """Five migrations, of which two branch off and are merged."""
    shop.sql(IDS[0], "CREATE TABLE customer (id INTEGER);", "DROP TABLE customer;", metadata="depends = []")
    shop.sql(IDS[1], "CREATE TABLE billing (id INTEGER);", metadata=f'depends = ["{IDS[0]}"]\nphase = "expand"')
    shop.sql(
        IDS[2],
        "ALTER TABLE customer ADD first_name TEXT;\nALTER TABLE customer ADD last_name TEXT;\n"
        "UPDATE customer SET first_name = 'x';",
        metadata=f'depends = ["{IDS[0]}"]\ntransaction = false\nrelease = "v2"',
    )
    shop.sql(IDS[3], "SELECT 1;", metadata=f'depends = ["{IDS[1]}", "{IDS[2]}"]')
    shop.table(IDS[4], "invoice", f'depends = ["{IDS[3]}"]')
    return shop


def status_in(app: Workbench, holder: Holder | None = None, **states: str) -> Status:
    """The status in which migrations are in these states, by the number at the beginning of their id."""
    graph = app.situation.graph
    assert graph is not None
    rows = {}
    for id in (*IDS, "0100_gone"):
        state = states.get(f"m{id[:4]}", "")
        if not state:
            continue
        checksum = graph.migrations[id].checksum if id in graph and state != "modified" else "sha256:other"
        kept = "applied" if state in ("modified", "missing") else "applying" if state == "running" else state
        done, total = (1, 3) if kept == "dirty" else (1, 2) if kept == "applying" else (0, None)
        error = "duplicate column name: last_name (statement 2, line 9)" if kept == "dirty" else ""
        rows[id] = StateRow(
            id, kept, "up", checksum, done, total, "1a2b3c4d", "ann", "laptop", "2026-01-10T12:00:00.000Z", 12, error
        )
    return status_of(graph, Snapshot(True, rows, holder))


@pytest.fixture
def take(billing: Sandbox, open_workbench: Opener, snap_compare: Snap) -> Callable[..., bool]:
    """Compares a picture of the app after `step`; times and versions are always the same."""

    def compare(size: tuple[int, int], theme: str, step: Step, shop: Sandbox = billing) -> bool:
        app = open_workbench(shop, settings=Settings(theme=theme), look_seconds=3600.0)
        app.animation_level = "none"

        async def before(pilot: Pilot[int]) -> None:
            await wait_for_look(pilot)
            app.learn(server="sqlite 3")
            await step(pilot, app)
            for line in app.screen.query(Input):
                line.cursor_blink = False
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


async def settle(pilot: Pilot[int], app: Workbench, id: str) -> None:
    """Puts the cursor there, and waits until what belongs to it has been read."""
    app.screen.query_one(GraphView).select(id)
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def _dirty(pilot: Pilot[int], app: Workbench) -> None:
    app.learn(status=status_in(app, m0139="applied", m0140="applied", m0141="dirty"))
    app.journal._add(LOG[:2])
    await settle(pilot, app, IDS[2])


@LOOKS
def test_a_dirty_migration(take: Snap, size: tuple[int, int], theme: str) -> None:
    assert take(size, theme, _dirty)


def test_a_dirty_migration_in_high_contrast(take: Snap) -> None:
    assert take(HOME, CONTRAST, _dirty)


@sizes
def test_its_statements(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await _dirty(pilot, app)
        await press(pilot, ["2", "right_square_bracket"])
        await wait_for_text(pilot, "last_name TEXT")

    assert take(size, DARK, step)


@LOOKS
def test_a_run_elsewhere(take: Snap, size: tuple[int, int], theme: str) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.learn(status=status_in(app, HOLDER, m0139="applied", m0140="applied", m0141="applied", m0142="running"))
        app.journal._add([LOG[0], LOG[2]])
        await settle(pilot, app, IDS[3])

    assert take(size, theme, step)


@sizes
def test_modified_missing_and_pending(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.learn(status=status_in(app, m0100="missing", m0139="applied", m0140="modified"))
        await settle(pilot, app, IDS[1])

    assert take(size, DARK, step)


@sizes
def test_filtered(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.learn(status=status_in(app, m0139="applied", m0140="applied"))
        await settle(pilot, app, IDS[4])
        await press(pilot, ["slash", *"status:pending bill"])

    assert take(size, DARK, step)


def test_a_filter_that_is_none(take: Snap) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await settle(pilot, app, IDS[4])
        await press(pilot, ["slash", *"colour:red"])

    assert take(HOME, DARK, step)


@sizes
def test_the_database_does_not_answer(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        trouble = UnreachableError("no connection to db.example:5432: Connection refused", "is the server up?")
        app.learn(trouble=trouble, status=None)
        await settle(pilot, app, IDS[4])

    assert take(size, DARK, step)


@sizes
def test_a_broken_configuration_and_a_bad_file(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        place = app.project.config.path
        error = ConfigError("miger.toml has problems:", [Problem(place, 3, "is not valid TOML: expected `=`", "")])
        bad = Problem(app.project.config.migrations + "/0144_bad.sql", 1, "SQL before the first section", "mend it")
        app.learn(config_error=error, problems=(bad,))
        await settle(pilot, app, IDS[4])

    assert take(size, DARK, step)


@LOOKS
def test_no_migrations(
    shop: Sandbox, open_workbench: Opener, snap_compare: Snap, size: tuple[int, int], theme: str
) -> None:
    app = open_workbench(shop, settings=Settings(theme=theme), look_seconds=3600.0)

    async def before(pilot: Pilot[int]) -> None:
        await wait_for_look(pilot)
        app.learn(server="sqlite 3")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.fixture
def slow_folder(billing: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A folder that is never read to its end while the test goes on."""
    over = threading.Event()
    survey = lookout.survey_folder

    def waiting(folder: str) -> Survey:
        over.wait()
        return survey(folder)

    monkeypatch.setattr(lookout, "survey_folder", waiting)
    yield billing
    over.set()


@sizes
def test_the_folder_is_still_being_read(
    slow_folder: Sandbox, open_workbench: Opener, snap_compare: Snap, size: tuple[int, int]
) -> None:
    app = open_workbench(slow_folder, settings=Settings(theme=DARK), look_seconds=3600.0)

    async def before(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "reading the migrations")

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_a_protected_environment_that_is_read_only(take: Snap, billing: Sandbox) -> None:
    billing.configure("protected = true\nread_only = true")

    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.learn(status=status_in(app, m0139="applied", m0140="applied", m0141="applied"))
        await settle(pilot, app, IDS[3])
        await wait_for(pilot, lambda: app.situation.environment.read_only, "read-only")

    assert take(HOME, DARK, step)
