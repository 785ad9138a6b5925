"""The text of a section with its line numbers; of a half done one, with what became of each statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from textual.content import Content

from miger.widgets.detail_row import ERROR, FAINT, GOOD, MUTED, WARNING, DetailRow, blank, sentence
from miger.widgets.detail_values import DOWN, UP, MigrationDetail, SectionText, StatementPlace
from miger.widgets.statement_text import code_lines
from miger.widgets.words import pieces

MARKS = {"done": ("✔", GOOD), "failed": ("✖", ERROR), "open": ("·", MUTED), "unknown": ("?", WARNING)}


def section_rows(detail: MigrationDetail, name: str, width: int, colored: bool) -> Iterator[DetailRow]:
    """The section called `name` (up or down), or why there is nothing to show."""
    migration, section = detail.status.migration, detail.section(name)
    if section is None:
        if migration is None:
            told = "Its file is missing."
        elif migration.irreversible and name == DOWN:
            told = "It has no down: it is irreversible."
        elif migration.section(name) is None:
            told = f"It has no {name}."
        else:
            told = "" if detail.problem else "It was not read yet."
        yield DetailRow(Content.styled(told, MUTED))
        return
    if name == UP and detail.status.late:
        yield from sentence("! ", "late: it sorts before one that is applied", WARNING, width)
    marks = _marks(detail, section)
    if marks:
        words = {"done": "done", "failed": "failed", "unknown": "nobody knows", "open": "not run"}
        legend = [f"{MARKS[kind][0]} {words[kind]}" for kind in words if kind in marks.values()]
        yield DetailRow(Content.styled("  ".join(legend), MUTED))
    yield from _code(detail, section, marks, width, colored)
    if section.cut:
        yield DetailRow(Content.styled(f"… cut after {section.cut // 1024:,} KiB", WARNING))
    verify = detail.section("verify") if name == UP and migration is not None and migration.kind == "sql" else None
    if verify is not None:
        yield blank()
        yield DetailRow(Content.styled("verify", "bold"))
        yield from _code(detail, verify, {}, width, colored)


def _marks(detail: MigrationDetail, section: SectionText) -> dict[int, str]:
    """What became of each statement of a section that is half done, by its number; {} for any other."""
    row = detail.status.row
    if row is None or detail.status.state not in ("dirty", "running") or row.direction != section.name:
        return {}
    known = {point.key: point.state for point in detail.checkpoints}
    failed = detail.stop.statement if detail.stop else 0
    marks = {}
    for number, _ in section.statements:
        state = known.get(f"#{number}") if known else "done" if number <= row.done else None
        kind = "done" if state == "done" else "failed" if number == failed else "unknown" if state else "open"
        marks[number] = kind
    return marks


def _code(
    detail: MigrationDetail, section: SectionText, marks: dict[int, str], width: int, colored: bool
) -> Iterator[DetailRow]:
    kind = detail.status.migration.kind if detail.status.migration else "sql"
    lines = code_lines(section.text.rstrip("\n"), kind, colored)
    begins = {place.line: place.number for place in section.statements} if marks else {}
    digits = max(len(str(section.line + len(lines))), 3)
    cells = digits + 2 + (6 if marks else 0)
    ends = _last_lines(section, lines)
    blank_lines = next((number for number, content in enumerate(lines) if content.plain.strip()), 0)
    current = 0
    for line, content in enumerate(lines[blank_lines:], section.line + blank_lines):
        current = begins.get(line, current)
        for start, end in pieces(content.plain, max(width - cells, 10)):
            gutter = Content.styled(f"{'' if start else line:>{digits}}  ", FAINT)
            if marks:
                gutter += _mark(current, marks, first=line in begins and not start)
            code = content[start:end] if end else content
            if marks.get(current) == "open":
                code = Content.styled(code.plain, MUTED)
            yield DetailRow(gutter + code, text=content.plain)
        if marks.get(current) == "failed" and line == ends[current]:
            yield from _failure(detail, cells, width)


def _last_lines(section: SectionText, lines: Sequence[Content]) -> dict[int, int]:
    """The last line of each statement, comments and blank lines behind it left out; by its number."""
    ends = {}
    places = [*section.statements, StatementPlace(0, section.line + len(lines))]
    for place, following in pairwise(places):
        last = min(following.line, section.line + len(lines)) - 1  # a cut text ends before its statements
        while last > place.line and lines[last - section.line].plain.lstrip()[:2] in ("", "--"):
            last -= 1
        ends[place.number] = last
    return ends


def _mark(number: int, marks: dict[int, str], *, first: bool) -> Content:
    if not first:
        return Content(" " * 6)
    glyph, style = MARKS[marks[number]]
    return Content.assemble((f"{number:>3} ", MUTED), (f"{glyph} ", f"bold {style}"))


def _failure(detail: MigrationDetail, indent: int, width: int) -> Iterator[DetailRow]:
    if detail.stop is None:
        return
    for row in sentence("└ ", detail.stop.error, ERROR, width - indent):
        yield row._replace(content=Content(" " * indent) + row.content)
