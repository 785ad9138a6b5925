"""A recovery's story in lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miger.engine.status import GLYPHS as STATES
from miger.engine.words import counted
from miger.widgets.text_view import TextLine
from miger.widgets.words import moment, printable
from miger.workbench.recovery_story import CHANGED, DONE, FAILED, GLYPHS, LEFT, UNKNOWN, Piece, Story, Way

STYLES = {
    DONE: "$text-success",
    FAILED: "$text-error",
    UNKNOWN: "$text-warning",
    LEFT: "$text-muted",
    CHANGED: "$text-warning",
}
MOST_PIECES = 500


def head_of(story: Story) -> str:
    """The migration and its state: `✖ 0141 dirty, 2 of 5`."""
    status, row = story.status, story.status.row
    far = f", {row.done} of {row.total} done" if status.state == "dirty" and row is not None and row.total else ""
    return f"{STATES.get(status.state, '·')} {status.id}  {status.state}{far}"


def story_lines(story: Story) -> tuple[TextLine, ...]:
    """What happened, what ran, and what verify says."""
    lines = {"dirty": _dirty, "modified": _modified, "missing": _missing}.get(story.status.state, _settled)
    return (*lines(story), *_problem(story))


def way_lines(way: Way) -> tuple[TextLine, ...]:
    """What a way out will do."""
    if way.unavailable:
        return (TextLine(f"not now: {way.unavailable}", "$text-muted"),)
    lines = [TextLine(f"It {way.effect}.")]
    lines += [TextLine(f"! {caution}", "$text-warning") for caution in way.cautions]
    if way.pieces:
        lines.append(TextLine(f"It would run {counted(len(way.pieces), 'statement')}:"))
        lines += [
            TextLine(_told(piece._replace(state=LEFT, hash="", rows=-1)), "", 2) for piece in way.pieces[:MOST_PIECES]
        ]
    return tuple(lines)


def piece_text(piece: Piece) -> str:
    """A piece on one line, without its state."""
    place = f"{piece.number}  " if piece.number else ""
    return f"{place}{printable(piece.text)}"


def _dirty(story: Story) -> Iterator[TextLine]:
    row = story.status.row
    if row is None:
        return
    way = "on the way up" if row.direction == "up" else "on the way back"
    who = f"{row.by}@{row.host}, {moment(row.at)} UTC" if row.by else moment(row.at)
    yield TextLine(f"Stopped {way}: {who}, run {row.run}", "$text-muted")
    if row.error:
        yield TextLine(f"✖ error: {printable(row.error)}", "$text-error", bold=True)
    else:
        yield TextLine("✖ the run ended without a word: its process was ended, or lost the database", "$text-error")
    yield from _verify(story)
    yield TextLine("")
    yield from _pieces(story.pieces)
    if not story.pieces:
        yield TextLine("none of its statements is recorded as finished", "$text-muted")


def _pieces(pieces: Iterable[Piece]) -> Iterator[TextLine]:
    for number, piece in enumerate(pieces):
        if number == MOST_PIECES:
            yield TextLine("… and more", "$text-muted")
            return
        yield TextLine(_told(piece), STYLES[piece.state])


def _told(piece: Piece) -> str:
    facts = [f"line {piece.line}"] if piece.line else []
    facts += [piece.state] if piece.state != LEFT else []
    facts += [counted(piece.rows, "row")] if piece.rows > 0 else []
    facts += [f"recorded as {piece.hash[:8]}"] if piece.hash else []
    return f"{GLYPHS[piece.state]} {piece_text(piece)}" + (f"   [{', '.join(facts)}]" if facts else "")


def _modified(story: Story) -> Iterator[TextLine]:
    row, migration = story.status.row, story.status.migration
    if row is None or migration is None:
        return
    yield TextLine("Its file is not the one that was applied.", bold=True)
    yield TextLine(f"applied   {moment(row.at)} UTC by {row.by}@{row.host}, run {row.run}")
    yield TextLine(f"recorded  {row.checksum}")
    yield TextLine(f"the file  {migration.checksum}")
    yield TextLine(f"          {migration.path}", "$text-muted")
    yield from _verify(story)
    yield TextLine("")
    yield TextLine("The text that was applied is not kept in the database: your version control has it.", "$text-muted")
    yield TextLine("Put it back where the change was a mistake: e opens the file.", "$text-muted")
    yield TextLine("Accept the new text where it makes no difference to the database.", "$text-muted")


def _missing(story: Story) -> Iterator[TextLine]:
    row = story.status.row
    if row is None:
        return
    yield TextLine("It is applied, and the migrations folder has no file of it.", bold=True)
    yield TextLine(f"applied   {moment(row.at)} UTC by {row.by}@{row.host}, run {row.run}")
    yield TextLine(f"recorded  {row.checksum}")
    yield TextLine("")
    yield TextLine("Bring the file back from version control, and all is well: it is seen at once.", "$text-muted")


def _settled(story: Story) -> Iterator[TextLine]:
    state = story.status.state
    glyph = "◐" if state == "running" else "✔"
    tail = "another run is at it" if state == "running" else "there is nothing to recover here"
    yield TextLine(f"{glyph} {story.id} is {state}: {tail}", "$text-success" if state != "running" else "$text-warning")


def _verify(story: Story) -> Iterator[TextLine]:
    if story.verify is None:
        return
    tone = "$text-success" if story.verify.startswith("holds") else "$text-warning"
    yield TextLine(f"verify now: {printable(story.verify)}", tone)


def _problem(story: Story) -> Iterator[TextLine]:
    if story.problem:
        yield TextLine("")
        yield TextLine(f"! the statements could not be listed: {printable(story.problem)}", "$text-warning")
