"""How preview, question, recovery and merge look. `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from miger.engine.errors import DirtyError, Interrupted, LockHeld, StepFailed
from miger.engine.events import Event, LeaseWaiting
from miger.engine.planner import UP, Plan, PlanStep
from miger.engine.preview.values import Preview
from miger.engine.recovery import choices_for
from miger.engine.state import StateRow
from miger.engine.status import MigrationStatus
from miger.project import Project
from miger.workbench.aim import Aim
from miger.workbench.app import Workbench
from miger.workbench.question import Fact, Question
from miger.workbench.recovery_story import DONE, FAILED, LEFT, UNKNOWN, Piece, Story, Way
from miger.workbench.run_record import RunRecord
from miger.workbench.screens.confirm import ConfirmModal
from miger.workbench.screens.merge import MergeModal
from miger.workbench.screens.preview import PreviewScreen
from miger.workbench.screens.recovery import RecoveryScreen
from miger.workbench.screens.save import SaveModal
from miger.workbench.settings import Settings

from tests.app.sandbox import Sandbox
from tests.widgets.runs import FAILED_RUN
from tests.widgets.samples import BILLING, FAILURE, INDEX, SPLIT, SUCCESS
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, LOOKS, SMALL, press, wait_for, wait_for_look

Snap = Callable[..., bool]
Arrange = Callable[[Pilot[Any]], Awaitable[None]]
SIZES = pytest.mark.parametrize(("size", "theme"), [(HOME, "miger-dark"), (SMALL, "miger-dark")], ids=["home", "small"])
HOLDER = "bob@build-7 (process 4711, run 1a2b3c4d) since 2026-01-15T12:03:58Z, at 20260114093000_split (1 of 2)"


@pytest.fixture(autouse=True)
def _fixed_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is under way has taken no time."""
    for module in ("preview", "running"):
        monkeypatch.setattr(f"miger.workbench.screens.{module}.time", SimpleNamespace(monotonic=lambda: 42.0))


@pytest.fixture
def billing_shop(shop: Sandbox) -> Sandbox:
    """Three pending migrations, of the names that the sample previews have."""
    shop.table(SPLIT, "customer")
    shop.table(BILLING, "invoice")
    shop.table(INDEX, "by_total")
    return shop


@pytest.fixture
def previewed(billing_shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A dry run of them succeeds, with times that never change."""
    monkeypatch.setattr(Project, "preview", lambda project, plan, mode: SUCCESS)
    return billing_shop


@pytest.fixture
def picture(snap_compare: Snap, open_workbench: Opener) -> Callable[..., bool]:
    """Takes the picture of a workbench after `arrange`."""

    def take(shop: Sandbox, arrange: Arrange, size: tuple[int, int], theme: str) -> bool:
        app = open_workbench(shop, settings=Settings(theme=theme), look_seconds=3600)
        app.animation_level = "none"

        async def before(pilot: Pilot[Any]) -> None:
            await wait_for_look(pilot)
            app.learn(server="sqlite 3")
            await arrange(pilot)
            for line in app.screen.query(Input):
                line.cursor_blink = False
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


def record_of(app: Workbench, preview: Preview, events: list[Event]) -> RunRecord:
    """A run of what was previewed that has said so much."""
    graph = app.situation.graph
    assert graph is not None
    steps = tuple(PlanStep(graph.migrations[id], True, False) for id in (step.id for step in preview.steps))
    record = RunRecord(Aim(UP), Plan(UP, steps), preview, "dev", 30.0)
    for event in events:
        record.note(event)
    return record


async def show_preview(pilot: Pilot[Any], phase: str = "shown") -> PreviewScreen:
    """Opens the preview and waits for it."""
    await press(pilot, "u")
    screen = pilot.app.screen
    assert isinstance(screen, PreviewScreen)
    await wait_for(pilot, lambda: screen.phase == phase, phase)
    return screen


# Preview


@LOOKS
def test_preview(previewed: Sandbox, picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await show_preview(pilot)

    assert picture(previewed, arrange, size, theme)


@SIZES
def test_preview_of_a_protected_environment_that_is_outdated(
    previewed: Sandbox, picture: Callable[..., bool], size: tuple[int, int], theme: str
) -> None:
    previewed.configure("protected = true")

    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await show_preview(pilot)
        app = screen.workbench
        assert app.situation.status is not None
        first = app.situation.status.migrations[0]._replace(state="applied")
        rest = app.situation.status.migrations[1:]
        app.learn(status=app.situation.status._replace(migrations=(first, *rest)))

    assert picture(previewed, arrange, size, theme)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Keeps a dry run waiting until the test is over."""
    event = threading.Event()
    yield event
    event.set()


@SIZES
def test_preview_while_the_dry_run_goes_on(
    billing_shop: Sandbox,
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    gate: threading.Event,
    size: tuple[int, int],
    theme: str,
) -> None:
    def wait(project: Project, plan: Plan, mode: str) -> Preview:
        gate.wait()
        return SUCCESS

    monkeypatch.setattr(Project, "preview", wait)

    async def arrange(pilot: Pilot[Any]) -> None:
        await show_preview(pilot, "trying")

    assert picture(billing_shop, arrange, size, theme)


@SIZES
def test_preview_that_cannot_be_made(
    billing_shop: Sandbox,
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
) -> None:
    def refuse(aim: Aim, project: Project) -> Plan:
        raise DirtyError([SPLIT])

    monkeypatch.setattr(Aim, "plan_anew", refuse)

    async def arrange(pilot: Pilot[Any]) -> None:
        await show_preview(pilot, "problem")

    assert picture(billing_shop, arrange, size, theme)


@SIZES
def test_preview_of_nothing(
    billing_shop: Sandbox,
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
) -> None:
    monkeypatch.setattr(Aim, "plan_anew", lambda aim, project: Plan(UP, ()))

    async def arrange(pilot: Pilot[Any]) -> None:
        await show_preview(pilot, "nothing")

    assert picture(billing_shop, arrange, size, theme)


RUNS: dict[str, tuple[Preview, list[Event], Any]] = {
    "waiting": (SUCCESS, [LeaseWaiting("r1", HOLDER, 3.0)], None),
    "running": (SUCCESS, FAILED_RUN[:5], None),
    "failed": (FAILURE, list(FAILED_RUN), StepFailed(SPLIT, "no")),
    "held": (SUCCESS, [], LockHeld(f"the database is held by {HOLDER}")),
    "stopped": (SUCCESS, [], Interrupted("stopped by a person")),
}


@SIZES
@pytest.mark.parametrize("state", list(RUNS))
def test_run(
    billing_shop: Sandbox, picture: Callable[..., bool], state: str, size: tuple[int, int], theme: str
) -> None:
    preview, events, error = RUNS[state]

    async def arrange(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, Workbench)
        record = record_of(app, preview, events)
        if error is not None:
            record.end(error)
        app.push_screen(PreviewScreen(record.aim, record))
        await pilot.pause()

    assert picture(billing_shop, arrange, size, theme)


# Questions


QUESTION = Question(
    "Apply 2 migrations in PROD?",
    "Run 2 migrations",
    (
        Fact("plain", f"applies {SPLIT}"),
        Fact("plain", f"applies {BILLING}"),
        Fact("good", "the dry run by rollback took 31 ms, and succeeded"),
        Fact("warning", f"{BILLING} has no way back"),
    ),
    (Fact("error", f"column name of customer holds 1,204 values that the drop loses  ({SPLIT}, line 12)",
          "Keep the column until nobody reads it; copy it first."),),
    "prod",
)  # fmt: skip


@LOOKS
def test_question(previewed: Sandbox, picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await show_preview(pilot)
        modal = ConfirmModal(QUESTION)
        screen.app.push_screen(modal)
        await wait_for(pilot, lambda: modal.is_mounted and modal.heeding, "a question that heeds keys")

    assert picture(previewed, arrange, size, theme)


@SIZES
def test_question_that_is_answered(
    previewed: Sandbox, picture: Callable[..., bool], size: tuple[int, int], theme: str
) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await show_preview(pilot)
        modal = ConfirmModal(QUESTION)
        screen.app.push_screen(modal)
        await wait_for(pilot, lambda: modal.is_mounted and modal.heeding, "a question that heeds keys")
        await press(pilot, "A")
        modal.query_one("#name", Input).value = "prod"

    assert picture(previewed, arrange, size, theme)


@SIZES
def test_name_of_a_file(
    previewed: Sandbox,
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
) -> None:
    monkeypatch.setattr(SaveModal, "path", "/srv/shop/up-20260115-120431.sql")
    monkeypatch.setattr(SaveModal, "_problem", lambda modal: "")

    async def arrange(pilot: Pilot[Any]) -> None:
        await show_preview(pilot)
        await press(pilot, "s")
        await wait_for(pilot, lambda: isinstance(pilot.app.focused, Input), "the line to type in")

    assert picture(previewed, arrange, size, theme)


@LOOKS
def test_merge(shop: Sandbox, picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    shop.table("0001_first", "first")
    shop.table("0002_billing", "billing", metadata='depends = ["0001_first"]')
    shop.table("0002_customer_email", "email", metadata='depends = ["0001_first"]')

    async def arrange(pilot: Pilot[Any]) -> None:
        await press(pilot, "m")
        modal = pilot.app.screen
        assert isinstance(modal, MergeModal)
        await wait_for(pilot, lambda: modal.heeding, "a question that heeds keys")

    assert picture(shop, arrange, size, theme)


# Recovery


def story_of(app: Workbench, state: str) -> Story:
    """A migration in this state, as it might be."""
    graph = app.situation.graph
    assert graph is not None
    migration = graph.migrations[SPLIT]._replace(path=f"migrations/{SPLIT}.sql", checksum="sha256:2c26b46b68ffc68f")
    row = StateRow(
        SPLIT,
        "dirty",
        "up",
        "sha256:fcde2b2edba56bf4",
        done=1,
        total=4,
        run="1a2b3c4d",
        by="ann",
        host="build-7",
        at="2026-01-15T12:03:58.120Z",
        error='column "last_name" exists already (statement 2, line 7)',
    )
    if state == "missing":
        status = MigrationStatus(SPLIT, state, False, None, row._replace(state="applied", error=""))
        return Story(status, (), tuple(Way(c.name, c.name, c.effect, c.unavailable) for c in choices_for(status)))
    status = MigrationStatus(SPLIT, state, False, migration, row if state != "pending" else None)
    ways = tuple(Way(c.name, c.name.replace("-", " "), c.effect, c.unavailable) for c in choices_for(status))
    if state != "dirty":
        return Story(status, (), ways, "holds: the change is in the database" if state == "modified" else None)
    pieces = (
        Piece(DONE, "ALTER TABLE customer ADD COLUMN first_name text", 1, 6, -1, "9f86d081884c7d65"),
        Piece(FAILED, "ALTER TABLE customer ADD COLUMN last_name text", 2, 7),
        Piece(UNKNOWN, "CALL fill_names()", 3, 8, -1, "60303ae22b998861"),
        Piece(LEFT, "ALTER TABLE customer DROP COLUMN name", 4, 9),
    )
    resume = ways[0]._replace(pieces=pieces[1:])
    return Story(status, pieces, (resume, *ways[1:]), "does not hold: line 14: no such column: last_name")


RECOVERY_LOOKS = [
    *((size, theme, "dirty") for size in (HOME, SMALL) for theme in ("miger-dark", "miger-light")),
    *((size, "miger-dark", state) for size in (HOME, SMALL) for state in ("modified", "missing", "pending")),
]


@pytest.mark.parametrize(("size", "theme", "state"), RECOVERY_LOOKS, ids=lambda value: str(value).replace(", ", "x"))
def test_recovery(
    billing_shop: Sandbox,
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    size: tuple[int, int],
    theme: str,
) -> None:
    app_of: list[Workbench] = []
    monkeypatch.setattr("miger.workbench.screens.recovery.read_story", lambda project, id: story_of(app_of[0], state))

    async def arrange(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, Workbench) and app.situation.status is not None
        app_of.append(app)
        if state == "modified":  # one of several
            both = tuple(
                item._replace(state="modified" if item.id == SPLIT else "missing")
                for item in app.situation.status.migrations
            )
            app.learn(status=app.situation.status._replace(migrations=both))
        screen = RecoveryScreen(SPLIT)
        app.push_screen(screen)
        await wait_for(pilot, lambda: screen.story is not None, "the story")

    assert picture(billing_shop, arrange, size, theme)
