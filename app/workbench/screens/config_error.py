"""All that stands in the way, whole: a broken miger.toml with its lines, bad files, a database without an answer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from miger.engine.secrets import MASK, mask_url
from miger.engine.words import counted
from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextLine, TextView, plain_lines
from miger.workbench.actions import BACK, KEYS, LOOK, PALETTE, WRITE, Action, Context, bindings_of
from miger.workbench.notices import Trouble, troubles_of
from miger.workbench.screens.base import WorkScreen
from miger.workbench.situation import Situation

AROUND = 3  # lines of a file before and after the one that is wrong
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.*")
_SECRET = re.compile(r"(?i)((?:passw|pwd|secret|token)[^=]*=\s*)\S.*")
WIDEST = 400  # characters of such a line

TROUBLE_ACTIONS: tuple[Action, ...] = (
    Action("edit", ("e",), "edit", "Open the file at this line in $EDITOR.", WRITE, 1,
           lambda context: "" if context.pane else "nothing here is about a file"),
    Action("refresh", ("r",), "look again", "Look at the folder and the database again now.", LOOK, 2),
    Action("copy_all", ("Y",), "copy all", "Copy everything that is told here.", LOOK, 3),
    PALETTE,
    BACK,
    KEYS,
)  # fmt: skip


class TroubleScreen(WorkScreen[None]):
    """Drawn anew whenever something is mended or breaks; closes by itself when nothing is left."""

    ACTIONS: ClassVar = TROUBLE_ACTIONS
    BINDINGS: ClassVar = bindings_of(TROUBLE_ACTIONS)
    DEFAULT_CSS = """
    TroubleScreen #troubles { border: round $error; border-title-color: $foreground; }
    TroubleScreen #troubles.-fine { border: round $success; }
    """

    def compose_content(self) -> ComposeResult:
        """Text in lines."""
        yield TextView(id="troubles")

    def on_mount(self) -> None:
        """Begins at the first."""
        self._troubles: tuple[Trouble, ...] = ()
        self._owners: list[Trouble | None] = []
        self.query_one(TextView).focus()
        super().on_mount()

    def show(self, situation: Situation) -> None:
        """All of it; the lines of files are those of now."""
        self._troubles = troubles_of(situation)
        lines: list[TextLine] = []
        self._owners = []
        for trouble in self._troubles:
            told = [*_told(trouble), TextLine("")]
            lines += told
            self._owners += [trouble] * len(told)
        view = self.query_one(TextView)
        view.set_class(not self._troubles, "-fine")
        view.border_title = counted(len(self._troubles), "thing") + " to know" if self._troubles else "Nothing is wrong"
        found = tuple(lines) or (TextLine("✔ nothing stands in the way any more", "$text-success"),)
        if found != view.lines:
            view.lines = found

    def context(self) -> Context:
        """The file that the line under the cursor is about."""
        trouble = self._at_cursor()
        return Context(self.situation, pane=trouble.path if trouble is not None else "")

    def _at_cursor(self) -> Trouble | None:
        number = self.query_one(TextView).line_number
        return self._owners[number] if 0 <= number < len(self._owners) else None

    @on(TextView.Highlighted)
    def _other_line(self) -> None:
        self.show_keys()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)

    def do_copy_all(self) -> None:
        """Copies all lines."""
        self.workbench.copy(self.query_one(TextView).text)

    def do_edit(self) -> None:
        """Opens the file at the line."""
        trouble = self._at_cursor()
        if trouble is not None and trouble.path:
            self.workbench.edit(trouble.path, trouble.line)

    def do_refresh(self) -> None:
        """Looks again now."""
        self.workbench.lookout.look()


def _told(trouble: Trouble) -> Iterator[TextLine]:
    """The lines of one trouble."""
    style = {"error": "$text-error", "warning": "$text-warning"}.get(trouble.notice.level, "")
    glyph = {"error": "✖", "warning": "!"}.get(trouble.notice.level, "·")
    yield TextLine(f"{glyph} {trouble.heading}", style, bold=True)
    if trouble.path and trouble.notice.place:
        yield TextLine(f"{trouble.path}:{trouble.line}" if trouble.line else trouble.path, "$text-muted", indent=2)
    yield from (line._replace(style=style, indent=2) for line in plain_lines(trouble.message))
    if trouble.line:
        yield from _lines_around(trouble.path, trouble.line)
    if trouble.hint:
        yield TextLine(f"→ {trouble.hint}", indent=2)


def _lines_around(path: str, line: int) -> Iterator[TextLine]:
    """Some lines of the file, the one that is wrong marked."""
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            if number > line + AROUND:
                return
            if number >= line - AROUND:
                mark, style = ("▶", "") if number == line else (" ", "$text-muted")
                yield TextLine(
                    f"{mark} {number:>4} │ {_without_secrets(text.rstrip())[:WIDEST]}",
                    style,
                    indent=2,
                    bold=number == line,
                )


def _without_secrets(text: str) -> str:
    """A line of a file as it may be shown: what is broken may hold a password all the same."""
    return _SECRET.sub(rf"\1{MASK}", _URL.sub(lambda found: mask_url(found[0]), text))
