"""How the log, the detail and the preview look, each alone. `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from miger.engine.preview.values import StatementPreview
from miger.widgets.detail_values import DOWN, HISTORY, INFO, PREVIEW, UP, MigrationDetail, SectionText
from miger.widgets.detail_view import DetailView
from miger.widgets.log_entry import Transcript
from miger.widgets.log_view import LogView
from miger.widgets.preview_view import PreviewView
from miger.widgets.schema_diff import SchemaDiff

from tests.widgets.one_widget import OneWidget
from tests.widgets.runs import BILLING_EVENTS, FAILED_RUN, SPLIT_EVENTS, started, ticking
from tests.widgets.samples import (
    APPLIED,
    BILLING,
    CHANGES,
    DIRTY,
    FAILURE,
    NOW,
    PENDING,
    SPLIT,
    SPLIT_STATEMENTS,
    SUCCESS,
    statement,
    step,
)

Snap = Callable[..., bool]
Arrange = Callable[[Any], None]

DARK, LIGHT, PLAIN = "textual-dark", "textual-light", "no-colours"
LOOKS = (DARK, LIGHT, PLAIN)
HOME, SMALL = (120, 36), (80, 24)
HOSTILE = (
    statement(1, 4, f"INSERT INTO 顧客 (名前, 住所) VALUES ('山田太郎', '{'更に長い住所' * 6}')", rows=1, ms=1.0),
    statement(2, 5, "UPDATE a SET b = '\x1b[31mred\x1b[0m\x07' WHERE c = '\u202eevil'", rows=2, ms=1.0),
    statement(3, 6, "SELECT " + ", ".join(f"column_{n}" for n in range(200)), ms=1.0, note="x" * 300),
)  # fmt: skip


@pytest.fixture
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The theme to use; NO_COLOR is set where there are to be no colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    wanted: str = getattr(request, "param", DARK)
    if wanted == PLAIN:
        monkeypatch.setenv("NO_COLOR", "1")
        return DARK
    return wanted


def same(snap: Snap, widget: Widget, look: str, size: tuple[int, int], arrange: Arrange, *keys: str) -> bool:
    """Whether the widget, arranged and after these keys, looks as in its picture."""

    async def before(pilot: Pilot[None]) -> None:
        arrange(pilot.app.query_one(type(widget)))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    run: Callable[[Pilot[None]], Awaitable[None]] = before
    return snap(OneWidget(widget, look), terminal_size=size, run_before=run)


# The log


def log_of(*events: Any) -> Arrange:
    def arrange(view: LogView) -> None:
        view.append(Transcript(ticking()).entries(events))
        view.focus()

    return arrange


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_log(snap_compare: Snap, look: str) -> None:
    hostile = [started(SPLIT, found._replace(number=found.number + 2)) for found in HOSTILE]
    assert same(snap_compare, LogView("3 Log"), look, (120, 20), log_of(*FAILED_RUN, *hostile), "k", "k", "k")


def test_log_of_errors_on_a_small_screen(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, LogView("3 Log"), look, (80, 8), log_of(*FAILED_RUN), "t")


def test_log_that_is_empty(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, LogView("3 Log"), look, (80, 5), log_of())


def test_log_in_one_line(snap_compare: Snap, look: str) -> None:
    def arrange(view: LogView) -> None:
        view.one_line = True
        log_of(*BILLING_EVENTS, *SPLIT_EVENTS)(view)

    assert same(snap_compare, LogView("3 Log"), look, (80, 3), arrange)


# The detail


def detail_of(detail: MigrationDetail | None, tab: str) -> Arrange:
    def arrange(view: DetailView) -> None:
        view.detail, view.tab = detail, tab
        view.body.focus()

    return arrange


def make_detail() -> DetailView:
    return DetailView("2 Detail", clock=lambda: NOW)


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_detail_of_a_dirty_migration(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, (70, 28), detail_of(DIRTY, UP), "j", "j")


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_detail_info(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, (70, 40), detail_of(DIRTY, INFO), *"jjjjjjjjjjjjj")


def test_detail_info_of_an_applied_one(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, SMALL, detail_of(APPLIED, INFO))


def test_detail_of_a_late_one_without_down(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, (70, 14), detail_of(PENDING, DOWN))


def test_detail_history(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, SMALL, detail_of(DIRTY, HISTORY))


def test_detail_preview(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, SMALL, detail_of(DIRTY, PREVIEW))


def test_detail_that_is_still_read(snap_compare: Snap, look: str) -> None:
    reading = PENDING._replace(loading=frozenset({UP, DOWN, HISTORY}))
    assert same(snap_compare, make_detail(), look, (70, 10), detail_of(reading, UP))


def test_detail_that_cannot_be_read(snap_compare: Snap, look: str) -> None:
    told = "migrations/20260114093000_split_customer_name.sql cannot be read: permission denied"
    broken = APPLIED._replace(sections=(), problem=told, hint="give yourself the right to read it")
    assert same(snap_compare, make_detail(), look, (70, 12), detail_of(broken, UP))


def test_detail_of_nothing(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, make_detail(), look, (70, 10), detail_of(None, INFO))


def test_detail_of_a_text_that_is_cut_and_strange(snap_compare: Snap, look: str) -> None:
    text = "\n".join(found.text for found in HOSTILE) + "\n"
    cut = APPLIED._replace(sections=(SectionText("up", text, 4, 64 * 1024),))
    assert same(snap_compare, make_detail(), look, (70, 50), detail_of(cut, UP))


def test_detail_of_python(snap_compare: Snap, look: str) -> None:
    text = (
        "def up(db: Sql) -> None:\n"
        '    """Backfill in batches."""\n'
        '    for batch in db.batches("backfill", "users", key="id", size=1000):\n'
        "        batch.execute(\"UPDATE users SET email = lower(login) || '@example.org' \"\n"
        '                      "WHERE id BETWEEN :low AND :high")  # and this line is longer than the pane is wide\n'
    )
    status = APPLIED.status
    assert status.migration is not None
    python = status._replace(migration=status.migration._replace(kind="python"))
    detail = APPLIED._replace(status=python, sections=(SectionText("up", text, 9),))
    assert same(snap_compare, make_detail(), look, (90, 14), detail_of(detail, UP))


# The preview


def preview_of(preview: Any, *events: Any) -> Arrange:
    def arrange(view: PreviewView) -> None:
        view.show(preview)
        view.body.focus()
        if events:
            view.begin_run()
            view.apply(*events)

    return arrange


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_preview(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, PreviewView(), look, HOME, preview_of(SUCCESS), *"jjjj", "enter")


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_preview_of_a_failure(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, PreviewView(), look, SMALL, preview_of(FAILURE))


def test_preview_in_a_narrow_pane(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, PreviewView(), look, (46, 36), preview_of(SUCCESS))


def test_preview_of_strange_statements(snap_compare: Snap, look: str) -> None:
    strange = SUCCESS._replace(steps=(step(BILLING, HOSTILE, ms=3.0, more=9000),), hazards=(), changes=())
    assert same(snap_compare, PreviewView(), look, SMALL, preview_of(strange), "j", "enter")


def test_preview_that_was_only_listed(snap_compare: Snap, look: str) -> None:
    def planned(found: StatementPreview) -> StatementPreview:
        return found._replace(outcome="planned", rows=-1, ms=0.0, locks=(), rewritten=())

    steps = tuple(
        found._replace(outcome="planned", ms=0.0, statements=tuple(map(planned, found.statements)))
        for found in SUCCESS.steps
    )
    listed = SUCCESS._replace(mode="sql", steps=steps, changes=None, notes=("nothing was asked of the database",))
    assert same(snap_compare, PreviewView(), look, SMALL, preview_of(listed))


def test_preview_of_a_thousand_steps(snap_compare: Snap, look: str) -> None:
    steps = tuple(step(f"2026{n:010}_step_{n}", SPLIT_STATEMENTS, ms=31.0) for n in range(1000))
    assert same(
        snap_compare, PreviewView(), look, SMALL, preview_of(SUCCESS._replace(steps=steps, hazards=())), "}", "enter"
    )


def test_preview_while_it_runs(snap_compare: Snap, look: str) -> None:
    events = [*SPLIT_EVENTS[:-1]]
    assert same(snap_compare, PreviewView(), look, SMALL, preview_of(SUCCESS, *events))


def test_preview_of_a_run_that_failed(snap_compare: Snap, look: str) -> None:
    events = [*SPLIT_EVENTS, FAILED_RUN[-1]]
    assert same(snap_compare, PreviewView(), look, HOME, preview_of(SUCCESS, *events))


def test_preview_that_is_being_made(snap_compare: Snap, look: str) -> None:
    def arrange(view: PreviewView) -> None:
        view.show_working("dry run by rollback")

    assert same(snap_compare, PreviewView(), look, (80, 8), arrange)


def test_preview_that_cannot_be_made(snap_compare: Snap, look: str) -> None:
    def arrange(view: PreviewView) -> None:
        view.show_problem("db.example.org:5432 cannot be reached: connection refused", "look at url in miger.toml")

    assert same(snap_compare, PreviewView(), look, (80, 10), arrange)


def test_preview_that_nobody_asked_for(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, PreviewView(), look, (80, 8), lambda view: None)


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_schema_diff(snap_compare: Snap, look: str) -> None:
    def arrange(view: SchemaDiff) -> None:
        view.show(CHANGES)
        view.focus()

    assert same(snap_compare, SchemaDiff(), look, (70, 16), arrange)


def test_schema_diff_of_nothing(snap_compare: Snap, look: str) -> None:
    assert same(snap_compare, SchemaDiff(), look, (70, 5), lambda view: None)
