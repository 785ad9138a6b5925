"""What becomes of a schema, line by line."""

from __future__ import annotations

from miger.engine.schema import SchemaChange
from miger.widgets.schema_diff import ADDED, CHANGED, MOST_LINES, REMOVED, SchemaDiff, diff_lines

from tests.widgets.one_widget import OneWidget
from tests.widgets.samples import CHANGES


def test_a_changed_object_shows_the_lines_that_differ() -> None:
    lines = list(diff_lines(CHANGES[:1]))
    assert [(line.verb, line.text.strip()) for line in lines] == [
        (CHANGED, "table customer"),
        (REMOVED, "name text NOT NULL"),
        (ADDED, "first_name text,"),
        (ADDED, "last_name varchar(80)"),
    ]


def test_an_object_that_comes_or_goes_shows_its_whole_definition() -> None:
    lines = list(diff_lines(CHANGES[1:]))
    assert {line.verb for line in lines[:5]} == {ADDED}
    assert [line.text for line in lines[5:]] == ["index customer_name", "CREATE INDEX customer_name ON customer (name)"]
    assert {line.verb for line in lines[5:]} == {REMOVED}


def test_signs_tell_the_same_as_the_colours() -> None:
    shown = [line.content.plain for line in diff_lines(CHANGES)]
    assert shown[0] == "~ table customer  changed"
    assert shown[1].startswith("  - ")
    assert shown[2].startswith("  + ")


def test_a_long_definition_is_cut_and_says_by_how_much() -> None:
    change = SchemaChange("table wide", None, "\n".join(f"c{n} integer," for n in range(MOST_LINES + 7)))
    *_, last = diff_lines([change])
    assert last.text == "… 7 lines more"


async def test_the_widget_says_when_nothing_changes() -> None:
    app = OneWidget(SchemaDiff())
    async with app.run_test():
        view = app.query_one(SchemaDiff)
        assert view.render_row(0, 60).plain == "The schema stays as it is."
        view.show(CHANGES)
        assert view.row_count() == len(list(diff_lines(CHANGES)))
