"""What the tabs of a migration's detail say."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from miger.engine.state import Checkpoint
from miger.engine.status import MigrationStatus
from miger.widgets.detail_header import header_of
from miger.widgets.detail_row import DetailRow
from miger.widgets.detail_rows import rows_of
from miger.widgets.detail_values import (
    DOWN,
    HISTORY,
    INFO,
    TABS,
    UP,
    MigrationDetail,
    SectionText,
    StatementPlace,
    Stop,
)

from tests.widgets.samples import (
    APPLIED,
    BILLING,
    CHECKSUM,
    DIRTY,
    INDEX,
    NOW,
    PENDING,
    SECTIONS,
    SPLIT,
    UP_TEXT,
    migration,
    row,
)
from tests.widgets.samples import (
    HISTORY as ENTRIES,
)

WIDTH = 90


def rows(detail: MigrationDetail, tab: str, width: int = WIDTH) -> list[DetailRow]:
    return rows_of(detail, tab, width, NOW)


def lines(detail: MigrationDetail, tab: str, width: int = WIDTH) -> list[str]:
    return [found.content.plain.rstrip() for found in rows(detail, tab, width)]


def in_state(state: str, recorded: str = "applied", **more: object) -> MigrationDetail:
    return APPLIED._replace(status=MigrationStatus(SPLIT, state, False, migration(), row(recorded, **more)))


MISSING = APPLIED._replace(status=MigrationStatus(SPLIT, "missing", False, None, row()), sections=())
RUNNING = in_state("running", "applying", done=2)
ALL = [DIRTY, APPLIED, PENDING, MISSING, in_state("modified"), RUNNING]


@pytest.mark.parametrize("width", [20, 34, 60, 118])
@pytest.mark.parametrize("tab", [tab for tab in TABS if tab != "preview"])
@pytest.mark.parametrize("detail", ALL)
def test_no_row_is_wider_than_a_usual_pane(detail: MigrationDetail, tab: str, width: int) -> None:
    found = [cell_len(line) for line in lines(detail, tab, width)]
    assert found
    if width >= 60 and tab != HISTORY:
        assert max(found) <= width
    assert max(found) <= max(width, 80)


# Header


@pytest.mark.parametrize(
    ("detail", "state", "told"),
    [
        (DIRTY, "✖ dirty", "stopped at statement 2 of 5 · column"),
        (APPLIED, "● applied", "5d ago · 31 ms · by ann@deploy-1 · Split the name"),
        (PENDING, "○ pending · late", "late: it sorts before one that is applied"),
        (MISSING, "? missing", "applied, but its file is gone"),
        (in_state("modified"), "≠ modified", "its file is not the one that was applied"),
        (
            RUNNING,
            "◐ running",
            "running: 2 of 5 statements done, by ann@deploy-1",
        ),
    ],
)
def test_the_header_tells_id_state_and_what_matters_most(detail: MigrationDetail, state: str, told: str) -> None:
    first, second = header_of(detail, WIDTH, NOW).plain.split("\n")
    assert first.startswith(SPLIT)
    assert first.endswith(state)
    assert cell_len(first) == WIDTH
    assert second.startswith(told)


def test_a_long_id_leaves_room_for_the_state() -> None:
    first = header_of(DIRTY, 24, NOW).plain.split("\n")[0]
    assert first.startswith("…")
    assert first.endswith("✖ dirty")
    assert cell_len(first) == 24


# Info


def test_info_tells_what_the_file_and_the_database_say() -> None:
    told = lines(APPLIED, INFO)
    assert "kind        SQL: up, down" in told
    assert f"depends on  → {'20260113120000_customer_email'}" in told
    assert f"needed by   → {BILLING}" in told
    assert f"            → {INDEX}" in told
    assert "phase       expand" in told
    assert "release     v2" in told
    assert "runs        in one transaction" in told
    assert "applied     2026-01-15 10:20:30 UTC, 5d ago" in told
    assert "took        31 ms" in told


def test_a_checksum_is_short_and_copied_whole() -> None:
    found = next(found for found in rows(APPLIED, INFO) if found.text == CHECKSUM)
    assert found.content.plain == "checksum    sha256:9f86d081884c…"


def test_a_path_keeps_its_end_and_is_copied_whole() -> None:
    found = next(found for found in rows(APPLIED, INFO, 50) if found.content.plain.startswith("file"))
    assert found.content.plain.endswith("_split_customer_name.sql")
    assert found.text == f"/home/ann/shop/migrations/{SPLIT}.sql"


def test_parents_and_children_are_links() -> None:
    assert [found.link for found in rows(APPLIED, INFO) if found.link] == [
        "20260113120000_customer_email",
        BILLING,
        INDEX,
    ]


def test_a_root_and_a_head_say_so() -> None:
    told = lines(APPLIED._replace(parents=(), children=()), INFO)
    assert "depends on  a root: it depends on nothing" in told
    assert "needed by   nothing: it is a head" in told


def test_the_run_is_a_link_to_its_log() -> None:
    assert [found.run for found in rows(APPLIED, INFO) if found.run] == ["r-20260115-7f3a"]


def test_no_way_back_and_not_applied_are_said() -> None:
    told = lines(PENDING, INFO)
    assert "way back    irreversible: it has no down" in told
    assert "applied     not yet" in told


def test_a_dirty_one_tells_first_why_and_what_can_be_done() -> None:
    told = lines(DIRTY, INFO)
    assert told[:2] == [
        '✖ column "last_name" of relation "customer" already exists (42701)',
        "→ take the statement out, then resume",
    ]
    assert "  resume          goes on to apply it, after 1 finished" in told
    assert "  mark-pending    records it as pending; runs nothing" in told


def test_a_modified_and_a_missing_one_tell_what_can_be_done() -> None:
    assert any(line.startswith("  accept-checksum ") for line in lines(in_state("modified"), INFO))
    told = lines(MISSING, INFO)
    assert "file        none: it is not in the migrations folder" in told
    assert any(line.startswith("  mark-pending ") for line in told)


def test_what_is_allowed_is_told_with_its_reason() -> None:
    allow = ({"hazard": "drop-column", "subject": "customer.name", "reason": "nobody reads it"},)
    status = MigrationStatus(SPLIT, "pending", False, migration(allow=allow), None)
    assert "allows      drop-column of customer.name: nobody reads it" in lines(APPLIED._replace(status=status), INFO)


def test_hazards_are_told_with_severity_line_code_and_advice() -> None:
    told = lines(DIRTY, INFO, 118)
    assert "2 hazards" in told
    assert "✖ error: column customer.name holds 1,204 values that the drop loses (line 12) [drop-column]" in told
    assert "  → keep it for a release, and drop it in a migration of phase contract" in told


# Up and down


def test_code_has_the_line_numbers_of_the_file() -> None:
    told = lines(APPLIED, UP)
    assert [line[:3].strip() for line in told] == [str(number) for number in range(6, 14)]
    assert [line[5:] for line in told] == UP_TEXT.rstrip("\n").split("\n")


def test_blank_lines_before_the_first_statement_are_left_out() -> None:
    section = SectionText("up", "\n\nSELECT 1;\n", 3)
    assert lines(APPLIED._replace(sections=(section,)), UP) == ["  5  SELECT 1;"]


def test_a_dirty_one_marks_what_is_done_what_failed_and_what_did_not_run() -> None:
    told = lines(DIRTY, UP)
    assert told[0] == "✔ done  ✖ failed  · not run"
    assert told[1] == "  6    1 ✔ ALTER TABLE customer ADD COLUMN first_name text;"
    assert told[2] == "  7    2 ✖ ALTER TABLE customer ADD COLUMN last_name text;"
    assert told[3].strip().startswith("└ column")
    assert told[4] == "  8        -- the first word is the first name"
    assert told[5].startswith("  9    3 · UPDATE customer")
    assert told[6].startswith(" 10           SET")


def test_the_other_direction_is_not_marked() -> None:
    assert lines(DIRTY, DOWN)[0].startswith(" 16  ALTER TABLE")


def test_without_checkpoints_the_count_of_the_row_tells_what_is_done() -> None:
    told = lines(
        DIRTY._replace(checkpoints=(), stop=Stop(4, 5, "no"), status=DIRTY.status._replace(row=row("dirty", done=3))),
        UP,
    )
    marks = [line[9] for line in told if line[7:8].strip().isdigit()]
    assert marks == ["✔", "✔", "✔", "✖", "·"]


def test_a_statement_of_unknown_end_is_marked_as_such() -> None:
    points = (Checkpoint("#1", "h", "done"), Checkpoint("#2", "h", "intent"))
    told = lines(DIRTY._replace(checkpoints=points, stop=None), UP)
    assert told[0] == "✔ done  ? nobody knows  · not run"
    assert told[2][9] == "?"


def test_a_failure_of_several_lines_is_told_behind_the_last() -> None:
    told = lines(DIRTY._replace(stop=Stop(3, 5, "deadlock")), UP)
    number = next(n for n, line in enumerate(told) if "deadlock" in line)
    assert told[number - 1].startswith(" 11")
    assert told[number + 1].startswith(" 12")


def test_a_cut_text_says_so() -> None:
    section = SectionText("up", "SELECT 1;\n" * 10, 6, 64 * 1024)
    assert lines(APPLIED._replace(sections=(section,)), UP)[-1] == "… cut after 64 KiB"


def test_a_cut_text_with_statements_beyond_it_does_no_harm() -> None:
    places = (StatementPlace(1, 6), StatementPlace(2, 400))
    section = SectionText("up", "SELECT 1;\n" * 10, 6, 64 * 1024, places)
    assert len(lines(DIRTY._replace(sections=(section,)), UP)) > 10


def test_verify_stands_under_up() -> None:
    verify = SectionText("verify", "SELECT first_name FROM customer LIMIT 0;\n", 15)
    told = lines(APPLIED._replace(sections=(*SECTIONS, verify)), UP)
    assert told[-2:] == ["verify", " 15  SELECT first_name FROM customer LIMIT 0;"]


def test_a_section_that_is_not_there_says_why() -> None:
    assert lines(PENDING._replace(sections=SECTIONS[:1]), DOWN) == ["It has no down: it is irreversible."]
    assert lines(MISSING, UP) == ["Its file is missing."]
    assert lines(APPLIED._replace(sections=()), UP) == ["It was not read yet."]
    assert lines(APPLIED._replace(sections=(), problem="gone"), UP) == ["✖ gone", "", ""]


@pytest.mark.parametrize(
    "text", ["SELECT '\x1b[2J\x07';", "-- \u202eevil", "SELECT '名前';\t-- x", "\r\n\r\n", "x" * 3000]
)
def test_code_cannot_steer_the_terminal(text: str) -> None:
    told = lines(APPLIED._replace(sections=(SectionText("up", text),)), UP)
    assert all(sign.isprintable() for line in told for sign in line)


# History and the rest


def test_history_tells_when_what_how_long_who_and_why_not() -> None:
    told = lines(APPLIED, HISTORY)
    assert told[0].split() == ["2026-01-15", "10:20:30", "5d", "ago", "✖", "failed", "14", "ms", "ann@deploy-1"]
    assert told[1] == "    └ duplicate column"
    assert "✔ applied" in told[-1]
    assert {found.run for found in rows(APPLIED, HISTORY)} == {entry.run for entry in ENTRIES}


def test_no_history_says_so() -> None:
    assert lines(PENDING, HISTORY) == ["Nothing happened to it yet."]


def test_a_tab_that_is_still_read_says_so_and_others_are_there() -> None:
    detail = APPLIED._replace(loading=frozenset({HISTORY}))
    assert lines(detail, HISTORY) == ["◐ reading…"]
    assert len(lines(detail, UP)) == 8


def test_a_problem_stands_above_what_is_known() -> None:
    told = lines(APPLIED._replace(problem="it changed while it was being read", hint="start again"), UP)
    assert told[:3] == ["✖ it changed while it was being read", "→ start again", ""]
    assert told[3].startswith("  6  ALTER TABLE")
